"""Reasons by quadrature: complete, correct for each feature, and independent of other rows."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.design import Floats
from model.network.kronrod import GAUSS, NODES, WEIGHTS
from model.network.quadrature import BLOCK, MOST_PANELS, quadrature_contributions
from model.network.reasons import contributions
from tests.model.untrained import untrained

SMOOTH: list[dict[str, object]] = [
    {"layers": [8, 4], "activation": "tanh"},
    {"layers": [16, 8], "activation": "silu", "members": 3},
    {"layers": [9, 9, 9], "activation": "sigmoid", "residual": True},
]
MIXED: list[dict[str, object]] = [
    {"layers": [{"dense": 12}, {"relu": {}}, {"dense": 6}, {"tanh": {}}]},
    {"layers": [{"dense": 6}, {"silu": {}}, {"dense": 12}, {"leaky_relu": {"alpha": 0.1}}], "members": 2},
    {"layers": [8, {"residual": [{"tanh": {}}, {"dense": 8}]}, 4]},
    {"layers": [{"batch_norm": {}}, 5, {"sigmoid": {}}]},
]


class Function:
    """A function of two features with its gradient. It counts its evaluations."""

    def __init__(self, value: Callable[[Floats], Floats], gradient: Callable[[Floats], Floats]) -> None:
        self._value, self._gradient, self.looked_at = value, gradient, 0

    def logits(self, X: Floats) -> Floats:
        return self._value(X)

    def slopes(self, X: Floats) -> tuple[Floats, Floats]:
        self.looked_at += len(X)
        return self._value(X), self._gradient(X)

    def activation_pattern(self, X: Floats) -> np.ndarray:
        return X > 0.0


def test_the_rules_are_exact_up_to_their_degree():
    for weights, degree in ((WEIGHTS, 22), (GAUSS, 13)):
        for power in range(degree + 1):
            expected = 2 / (power + 1) if power % 2 == 0 else 0
            assert abs((weights * NODES**power).sum() - expected) < 1e-15


@pytest.mark.parametrize("scale", [1.0, 4.0])
@pytest.mark.parametrize("spec", [*SMOOTH, *MIXED], ids=json.dumps)
def test_contributions_sum_to_the_difference(spec: dict[str, object], scale: float) -> None:
    network = untrained(spec, 9, scale=scale)
    assert network.pieces is None
    rng = np.random.default_rng(3)
    base, X = rng.normal(size=9), 2 * rng.normal(size=(BLOCK + 3, 9))
    low, high = network.logits(base[None]), network.logits(X)
    size = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1)
    gaps = high - low - contributions(network, base[None], X).sum(axis=1)
    assert np.abs(gaps / size).max() < 3e-11


@pytest.mark.parametrize("spec", [*SMOOTH, *MIXED], ids=json.dumps)
def test_contributions_equal_a_brute_force_path_integral(spec: dict[str, object]) -> None:
    network = untrained(spec, 9, scale=2.0)
    rng = np.random.default_rng(4)
    base, X = rng.normal(size=9), rng.normal(size=(5, 9))
    steps = 40_000
    total = np.zeros_like(X)
    for t in np.array_split((np.arange(steps) + 0.5) / steps, 40):
        points = base + t[:, None, None] * (X - base)
        total += network.slopes(points.reshape(-1, 9))[1].reshape(points.shape).sum(axis=0)
    brute = (X - base) * total / steps
    assert np.abs(contributions(network, base[None], X) - brute).max() < (1e-8 if spec in SMOOTH else 1e-3)


@pytest.mark.parametrize("spec", [SMOOTH[1], MIXED[0], MIXED[1]], ids=json.dumps)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 2 * BLOCK + 2))
def test_a_row_has_the_same_contributions_alone_and_anywhere_in_a_batch(
    spec: dict[str, object], seed: int, n: int
) -> None:
    network = untrained(spec, 4, scale=3.0)
    rng = np.random.default_rng(seed)
    base, X = rng.normal(size=4), rng.normal(size=(n, 4)) * rng.choice([0.1, 1, 5], size=(n, 1))
    whole, order = contributions(network, base[None], X), rng.permutation(n)
    assert np.array_equal(contributions(network, base[None], X[order]), whole[order])
    row = int(rng.integers(n))
    assert np.array_equal(contributions(network, base[None], X[row : row + 1])[0], whole[row])


@pytest.mark.parametrize("steepness", [1.0, 10.0, 60.0])
def test_contributions_that_cancel_in_the_sum_are_correct(steepness: float) -> None:
    k = steepness
    function = Function(
        lambda X: np.tanh(k * X[:, 0]) - np.tanh(k * X[:, 1]),
        lambda X: k / np.cosh(np.clip(k * X, -300, 300)) ** 2 * [1.0, -1.0],
    )
    X = np.array([[1.0, 1.0], [0.7, 0.7], [2.0, 0.5]])
    found = quadrature_contributions(function, False, np.array([[-1.0, -1.0]]), X)
    assert np.abs(found - (np.tanh(k * X) - np.tanh(-k)) * [1.0, -1.0]).max() < 1e-9


def test_kinks_are_located_without_halving_panels() -> None:
    function = Function(lambda X: np.maximum(X, 0.0).sum(axis=1), lambda X: np.where(X > 0.0, 1.0, 0.0))
    X = np.array([[1.0, 3.0]])
    found = quadrature_contributions(function, True, np.array([[-0.3, -0.1]]), X)
    assert np.abs(found - X).max() < 1e-11
    assert function.looked_at <= 10 * len(NODES)


def test_easy_rows_take_fifteen_evaluations() -> None:
    function = Function(
        lambda X: np.sin(X[:, 0]) * X[:, 1], lambda X: np.column_stack([np.cos(X[:, 0]) * X[:, 1], np.sin(X[:, 0])])
    )
    X = np.array([[0.6, -0.2], [-0.5, 0.9]])
    sums = quadrature_contributions(function, False, np.array([[0.2, 0.5]]), X).sum(axis=1)
    assert np.abs(sums - (np.sin(X[:, 0]) * X[:, 1] - np.sin(0.2) * 0.5)).max() < 1e-14
    assert function.looked_at == len(NODES) * len(X)


def test_a_hard_row_stops_at_the_panel_limit_and_changes_no_other_row() -> None:
    def noise(X: Floats) -> Floats:
        return np.where(X[:, :1] > 5.0, np.sin(1e9 * X), 1.0)

    function = Function(lambda X: X.sum(axis=1), noise)
    X = np.array([[1.0, 2.0], [90.0, 7.0], [0.5, 0.5]])
    found = quadrature_contributions(function, False, np.zeros((1, 2)), X)
    assert np.abs(found[[0, 2]] - X[[0, 2]]).max() < 1e-12
    assert function.looked_at <= 2 * MOST_PANELS * len(NODES) + 100
