"""The kinds of calibration: each rises, is the best of its kind, and is safe for extreme log-odds."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ebb.customers import customers
from model.calibration import CATALOG, Beta, Line, Quadratic, calibrate, calibration_from_json, calibration_to_json
from model.calibration.newton import fit
from model.heads import Churn, head_from_json
from model.metrics import log_loss
from model.network.curve import secant
from model.probabilities import sigmoid
from tests.model.fitted import SCALES, home_table
from tests.model.fitted import fit as trained

SCRIPT = Path(__file__).parents[2] / "docs" / "examples" / "recompute_score.py"
BENT = {
    "line": Line(0.4, shift=-1.0),
    "beta": Beta(0.3, 2.0, shift=-0.5),
    "quadratic": Quadratic(1.6, 0.2, start=-2.5, stop=3.0, shift=-2.0),
}


def rows(n: int, truth, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw log-odds z, and outcomes with log-odds truth(z)."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n) * 1.5
    return (rng.random(n) < sigmoid(truth(z))).astype(float), z


def test_every_kind_of_the_catalog_is_checked_here():
    assert BENT.keys() == CATALOG.keys()
    assert all(type(BENT[name]) is kind for name, kind in CATALOG.items())


@pytest.mark.parametrize("name", CATALOG)
def test_the_slope_is_the_derivative(name):
    z = np.linspace(-6, 6, 301)
    differences = (BENT[name](z + 1e-5) - BENT[name](z - 1e-5)) / 2e-5
    assert np.abs(differences - BENT[name].slope_at(z)).max() < 1e-5


@pytest.mark.parametrize("name", CATALOG)
def test_the_order_and_the_slopes_hold_for_extreme_log_odds(name):
    z = np.array([-1e300, -1e9, -800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 800.0, 1e9, 1e300])
    assert (np.diff(BENT[name](z)) > 0).all()
    assert np.isfinite(BENT[name](z)).all()
    assert BENT[name].slope_at(z).min() >= min(BENT[name].slopes)
    assert BENT[name].slope_at(z).max() <= max(BENT[name].slopes)


@pytest.mark.parametrize("name", CATALOG)
def test_the_identity_changes_nothing(name):
    z = np.linspace(-9, 9, 100)
    assert np.abs(CATALOG[name].identity(z)(z) - z).max() < 1e-14


@pytest.mark.parametrize("name", CATALOG)
def test_a_row_has_the_same_bits_alone_and_among_others(name):
    z = np.linspace(-5, 5, 131)
    for method in (BENT[name], BENT[name].slope_at, lambda z: secant(BENT[name], np.full(z.shape, -0.3), z)):
        assert all(method(z[i : i + 1])[0] == method(z)[i] for i in (0, 1, 63, 64, 130))


@pytest.mark.parametrize("name", CATALOG)
def test_the_secant_leads_from_one_score_to_the_other(name):
    z = np.concatenate([np.linspace(-5, 5, 101), 0.3 + 10.0 ** np.arange(-16, 0)])
    risen = BENT[name](z) - BENT[name](np.array([0.3]))
    assert np.abs(secant(BENT[name], np.full(z.shape, 0.3), z) * (z - 0.3) - risen).max() < 1e-13


@pytest.mark.parametrize("name", CATALOG)
def test_the_fit_recovers_the_truth(name):
    y, z = rows(200_000, BENT[name])
    (found,) = fit(CATALOG[name].identity(z), y, z)
    near = np.linspace(-2.5, 2.5, 50)
    assert np.abs(found(near) - BENT[name](near)).max() < 0.1


@pytest.mark.parametrize("name", CATALOG)
def test_the_fit_has_the_least_log_loss_of_smoothed_labels(name):
    y, z = rows(500, BENT[name])
    target = np.where(y > 0.5, (y.sum() + 1) / (y.sum() + 2), 1 / (len(y) - y.sum() + 2))
    (found,) = fit(CATALOG[name].identity(z), y, z)
    best = log_loss(target, found(z))
    for field in (*found.SLOPES, "shift"):
        for change in (-1e-3, 1e-3):
            other = replace(found, **{field: getattr(found, field) + change})
            assert log_loss(target, other(z)) > best or min(other.slopes) < 0.01


def test_the_fit_of_a_part_of_the_rows_is_that_of_these_rows_alone():
    y, z = rows(400, BENT["beta"])
    parts = np.arange(400) % 3 != np.arange(3)[:, None]
    for part, found in zip(parts, fit(Beta.identity(z), y, z, parts), strict=True):
        (alone,) = fit(Beta.identity(z), y[part], z[part])
        assert np.abs(found(z) - alone(z)).max() < 1e-5


@pytest.mark.parametrize("name", CATALOG)
def test_the_kind_that_made_the_outcomes_does_best_on_fresh_rows(name):
    y, z = rows(4000, BENT[name])
    fresh = rows(50_000, BENT[name], seed=1)
    found = calibrate(y, z).calibration
    assert log_loss(fresh[0], found(fresh[1])) < log_loss(fresh[0], BENT[name](fresh[1])) + 0.001


@pytest.mark.parametrize("name", CATALOG)
def test_every_kind_round_trips_through_json(name):
    assert calibration_from_json(calibration_to_json(BENT[name])) == BENT[name]


def test_heads_of_earlier_releases_are_lines():
    head = head_from_json({"loss": "binary_cross_entropy", "slope": 0.5, "shift": -1.0})
    assert head == Churn(Line(0.5, shift=-1.0))


@pytest.mark.parametrize("name", CATALOG)
def test_reasons_sum_to_the_calibrated_difference_within_1e_12(name):
    estimator = replace(trained(home_table(), id_column="customer_id").estimator(), head=Churn(BENT[name]))
    drawn = {name: values for name, values in customers(200, 6).columns().items() if name in SCALES}
    difference = estimator.log_odds(drawn, 200) - estimator.baseline_log_odds
    assert np.abs(estimator.contributions(drawn, 200).sum(axis=1) - difference).max() <= 1e-12


@pytest.mark.parametrize("name", CATALOG)
def test_the_documented_script_recomputes_a_score_from_the_bytes(name):
    estimator = replace(trained(home_table(), id_column="customer_id").estimator(), head=Churn(BENT[name]))
    for record in ({"months": 2, "support_tickets": 9}, {"months": 59, "monthly_charge": 20.5}, {}):
        command = [sys.executable, SCRIPT, json.dumps(record)]
        told = subprocess.run(command, input=estimator.to_bytes(), capture_output=True, check=True).stdout
        assert abs(float(told) - estimator.predict({key: [value] for key, value in record.items()}, 1)[0]) <= 1e-12
