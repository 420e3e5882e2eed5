"""Calibration: predicted and observed churn agree; the order of customers and the sums of reasons stay."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ebb.customers import customers
from model.calibration import UNCHANGED, Line, calibrate
from model.columns import Flags, Numbers, Table
from model.estimator import Estimator
from model.heads import Churn
from model.metrics import log_loss, reliability
from model.probabilities import sigmoid
from tests.model.fitted import SCALES, fit, home_table, mixed_table

BALANCED = {"class_weight": "balanced", "id_column": "customer_id", "epochs": 30, "members": 2}


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return fit(home_table(1500), **BALANCED, optimizer={"learning_rate": 0.005}).estimator()


def rows(n: int, slope: float = 1.0, shift: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw log-odds z, and outcomes with log-odds slope · z + shift."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n) * 1.5
    return (rng.random(n) < sigmoid(slope * z + shift)).astype(float), z


def test_calibration_corrects_weighted_classes_on_new_customers(estimator):
    fresh = customers(20_000, 77, known=())
    columns = {name: values for name, values in fresh.columns().items() if name in SCALES}
    z = estimator.log_odds(columns, len(fresh))
    raw = replace(estimator, head=Churn()).log_odds(columns, len(fresh))
    error = {name: abs(sigmoid(each).mean() - fresh.probability.mean()) for name, each in (("raw", raw), ("z", z))}
    assert error["raw"] > 0.1
    assert error["z"] < 0.04
    assert estimator.head.calibration(np.zeros(1))[0] < -0.3


def test_reasons_still_sum_to_the_log_odds_difference_within_1e_12(estimator):
    assert estimator.head.calibration != Line()
    drawn = {name: values for name, values in customers(500, 6).columns().items() if name in SCALES}
    difference = estimator.log_odds(drawn, 500) - estimator.baseline_log_odds
    assert np.abs(estimator.contributions(drawn, 500).sum(axis=1) - difference).max() <= 1e-12
    told = estimator.explain(drawn, 500).reasons
    assert np.abs([sum(reason.contribution for reason in each) for each in told] - difference).max() <= 1e-12
    p = estimator.predict(drawn, 500)
    assert np.allclose(np.log(p / (1 - p)), estimator.log_odds(drawn, 500), rtol=0, atol=1e-9)


def test_a_record_has_the_same_bits_alone_and_in_a_batch(estimator):
    drawn = {name: values for name, values in customers(200, 9).columns().items() if name in SCALES}
    together = estimator.predict(drawn, 200)
    for row in (0, 1, 63, 64, 199):
        assert estimator.predict({name: [values[row]] for name, values in drawn.items()}, 1)[0] == together[row]


def test_the_calibration_is_part_of_the_bytes_and_of_the_digest(estimator):
    again = Estimator.from_bytes(estimator.to_bytes())
    assert again.head == estimator.head
    assert again.metrics["calibration"] == estimator.metrics["calibration"]
    other = replace(estimator, head=Churn())
    assert other.weights_sha256 != estimator.weights_sha256


def test_the_metrics_contain_the_calibration_and_the_reliability_table(estimator):
    told = estimator.metrics["calibration"]
    assert told["kind"] == "line"
    assert told["slope"] == estimator.head.calibration.slope
    assert told["shift"] == estimator.head.calibration.shift
    assert told["note"] == "fitted"
    for name in ("log_loss", "brier", "calibration_error"):
        assert told["after"][name] < told["before"][name]
    table = estimator.metrics["reliability"]
    assert len(table) == 10
    assert sum(group["rows"] for group in table) == told["rows"] == estimator.metrics["valid_rows"]
    assert estimator.metrics["valid_loss"] == told["after"]["log_loss"]


def test_the_auc_does_not_change(estimator):
    raw = replace(estimator, head=Churn())
    drawn = {name: values for name, values in customers(500, 6).columns().items() if name in SCALES}
    assert (np.argsort(raw.log_odds(drawn, 500)) == np.argsort(estimator.log_odds(drawn, 500))).all()


def test_too_few_validation_rows_leave_the_log_odds_unchanged():
    estimator = fit(mixed_table()).estimator()
    assert estimator.head == Churn()
    assert estimator.metrics["calibration"]["note"].startswith("left out: it takes 100 validation rows")
    without = fit(mixed_table(), validation={"fraction": 0}).estimator()
    assert without.metrics["calibration"]["before"] is None
    assert without.metrics["reliability"] == []


def test_scores_that_need_no_calibration_are_rarely_changed():
    found = [calibrate(*rows(400, seed=seed)) for seed in range(40)]
    left = [each for each in found if each.calibration == UNCHANGED]
    assert len(left) >= 34
    assert all("not clearly" in each.note for each in left)


def test_calibration_rarely_harms_unseen_rows():
    harm, gain = 0, []
    for seed in range(60):
        truth = (0.7 + 0.6 * (seed % 3) / 2, 0.3 * (seed % 2))
        y, z = rows(300, *truth, seed=seed)
        fresh = rows(20_000, *truth, seed=1000 + seed)
        difference = log_loss(*fresh) - log_loss(fresh[0], calibrate(y, z).calibration(fresh[1]))
        harm += difference < -1e-3
        gain.append(difference)
    assert harm <= 2
    assert np.mean(gain) > 0.001


def test_scores_that_mislead_are_flattened_but_not_reversed():
    y, z = rows(400)
    found = calibrate(y, -z)
    assert (found.calibration.slope_at(z) > 0).all()
    assert log_loss(y, found.held_out) < log_loss(y, -z) - 0.1


def test_the_calibration_of_a_row_is_fitted_on_other_rows():
    y, z = rows(300, 0.3, -0.5)
    held = calibrate(y, z).held_out
    flipped = y.copy()
    flipped[7] = 1 - flipped[7]
    moved = calibrate(flipped, z).held_out
    assert abs(moved[7] - held[7]) < np.abs(moved - held).max()
    assert not np.allclose(held, calibrate(y, z).calibration(z), atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(
    st.integers(100, 300),
    st.sampled_from([1e-9, 1e-3, 1.0, 50.0, 1e6]),
    st.sampled_from(["random", "separated", "constant", "reversed"]),
    st.integers(0, 2**31),
)
def test_any_calibration_rises_with_bounded_slopes_and_has_no_higher_loss(n, spread, kind, seed):
    rng = np.random.default_rng(seed)
    y = (np.arange(n) % 3 == 0).astype(float)
    noise = rng.normal(size=n)
    signal = {"random": noise, "separated": y - 0.5, "constant": np.ones(n), "reversed": noise - 2 * y}[kind]
    found, held, _ = calibrate(y, spread * signal)
    slopes = found.slope_at(np.append(spread * signal, [-1e9, 0.0, 1e9]))
    assert slopes.min() >= 0.01 * (1 - 1e-12)
    assert slopes.max() <= 100 * (1 + 1e-12)
    assert np.isfinite(held).all()
    assert log_loss(y, held) <= log_loss(y, spread * signal)


def test_validation_rows_of_one_outcome_are_accepted():
    n = 600
    y = np.arange(n) < 300
    table = Table(
        {"when": Numbers(np.arange(n) * 1.0), "x": Numbers(np.sin(np.arange(n))), "churned": Flags(y * 1.0)}, n
    )
    estimator = fit(table, validation={"time": "when", "fraction": 0.3}).estimator()
    assert estimator.head == Churn()
    assert estimator.metrics["valid_auc"] is None


def test_the_reliability_table_uses_the_held_out_log_odds(estimator):
    fitting = fit(home_table(1500), **BALANCED, optimizer={"learning_rate": 0.005})
    held = fitting.validation_log_odds()
    y = fitting.y[fitting.valid_rows]
    assert fitting.estimator().metrics["reliability"] == reliability(y, sigmoid(held))
    assert fitting.estimator().metrics["valid_loss"] == log_loss(y, held)
