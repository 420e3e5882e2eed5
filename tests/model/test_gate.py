"""A candidate passes the gate when it is better by more than chance. The result is deterministic."""

import time

import numpy as np
import pytest

from model.gate import METRICS, Gate, GateResult, evaluate_gate
from model.metrics import auc, log_loss

RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=2_000)
Y = (RNG.random(2_000) < 1.0 / (1.0 + np.exp(-TRUTH))).astype(np.float64)
NOISE = RNG.normal(size=2_000)


@pytest.mark.parametrize("metric", METRICS)
def test_a_better_candidate_passes_and_a_worse_one_fails(metric: str) -> None:
    gate = Gate(metric)
    result = evaluate_gate(Y, TRUTH + NOISE, TRUTH, gate, seed=0)
    assert result.better
    assert 0.0 < result.interval[0] < result.difference < result.interval[1]
    back = evaluate_gate(Y, TRUTH, TRUTH + NOISE, gate, seed=0)
    assert not back.better
    assert back.difference == pytest.approx(-result.difference)
    assert back.interval == pytest.approx((-result.interval[1], -result.interval[0]), abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_an_equal_candidate_fails(metric: str) -> None:
    result = evaluate_gate(Y, TRUTH, TRUTH, Gate(metric), seed=0)
    assert (result.difference, result.interval, result.better) == (0.0, (0.0, 0.0), False)
    assert "is no better" in result.reason


def test_a_candidate_below_the_margin_fails() -> None:
    result = evaluate_gate(Y, TRUTH + NOISE, TRUTH, Gate(margin=0.5), seed=0)
    assert (result.better, result.difference > 0.0) == (False, True)


def test_a_difference_within_chance_fails() -> None:
    few = slice(0, 60)
    other = RNG.permutation(NOISE)[few]
    result = evaluate_gate(Y[few], TRUTH[few] + NOISE[few], TRUTH[few] + other, Gate(), seed=0)
    assert result.interval[0] < 0.0 < result.interval[1]
    assert not result.better


def test_metrics_equal_those_of_versions_and_a_seed_fixes_the_interval() -> None:
    by_loss, by_area = (evaluate_gate(Y, NOISE, TRUTH, Gate(metric), seed=3) for metric in ("log_loss", "auc"))
    assert (by_loss.champion, by_loss.candidate) == (log_loss(Y, NOISE), log_loss(Y, TRUTH))
    assert (by_area.champion, by_area.candidate) == (auc(Y, NOISE), auc(Y, TRUTH))
    assert evaluate_gate(Y, NOISE, TRUTH, Gate("auc"), seed=3) == by_area
    assert evaluate_gate(Y, NOISE, TRUTH, Gate("auc"), seed=4).interval != by_area.interval


def test_resampled_auc_equals_the_auc_of_the_drawn_rows() -> None:
    champion, candidate = np.round(NOISE[:300]), np.round(TRUTH[:300])
    _, make = METRICS["auc"]
    difference, y = make(Y[:300], champion, candidate), Y[:300]
    for _ in range(20):
        rows = RNG.integers(0, 300, 300)
        expected = auc(y[rows], candidate[rows]) - auc(y[rows], champion[rows])
        assert difference(rows) == pytest.approx(expected, abs=1e-12)


def test_the_interval_has_its_nominal_coverage() -> None:
    covered, rounds = 0, 200
    true = 0.25  # the mean of normal differences
    rng = np.random.default_rng(5)
    for seed in range(rounds):
        gain = rng.normal(true, 1.0, 150)
        ones = np.ones(150)
        logits = np.log(np.expm1(np.abs(rng.normal(3.0, 0.1, 150))))  # a loss of about 3 for an outcome of one
        loss = np.log1p(np.exp(-logits))
        better = -np.log(np.expm1(np.maximum(loss + 4.0 - gain, 1e-9)))
        worse = -np.log(np.expm1(loss + 4.0))
        low, high = evaluate_gate(ones, worse, better, Gate(confidence=0.9), seed).interval
        covered += low <= true <= high
    assert 0.83 <= covered / rounds <= 0.96


def test_the_gate_handles_many_rows_in_seconds() -> None:
    n = 400_000
    begun = time.monotonic()
    result = evaluate_gate(np.resize(Y, n), np.resize(TRUTH + NOISE, n), np.resize(TRUTH, n), Gate("auc"), seed=0)
    assert result.better
    assert result.resamples == 500
    assert time.monotonic() - begun < 60.0


@pytest.mark.parametrize(
    ("difference", "interval", "reason"),
    [
        (0.2, (0.1, 0.3), "auc is better by 0.2 (95%: 0.1 to 0.3), which is more than the margin of 0.05"),
        (0.2, (0.01, 0.3), "auc is better by 0.2 (95%: 0.01 to 0.3), which is not surely more than the margin of 0.05"),
        (-0.0133, (-0.02, 0.1), "auc is worse by 0.0133 (difference, 95%: -0.02 to 0.1; above zero is better)"),
        (0.0, (0.0, 0.0), "auc is no better (difference, 95%: 0 to 0; above zero is better)"),
    ],
)
def test_the_reason_states_the_result(difference: float, interval: tuple[float, float], reason: str) -> None:
    gate = Gate("auc", margin=0.05)
    result = GateResult(gate, 0.7, 0.7 + difference, difference, interval, 1000, rows=2000)
    assert result.reason == f"on 2,000 rows that neither has seen, {reason}"
