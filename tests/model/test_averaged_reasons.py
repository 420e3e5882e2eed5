"""Contributions to a curve of the logit, averaged over several bases."""

from dataclasses import dataclass

import numpy as np
import pytest

from model.design import CodeColumn, Design
from model.network.network import Network
from model.network.reasons import contributions
from model.spec import parse_spec
from model.training.trainer import Trainer

ROWS = 160


@dataclass(frozen=True)
class Bent:
    """A curve of slope 0.5 below zero that rises to 1.5 from two on, as a quadratic calibration may be."""

    kinks: tuple[float, ...] = (0.0, 2.0)

    def __call__(self, z):
        t = np.clip(z / 2, 0, 1)
        return 0.5 * z + t * t + np.maximum(z - 2, 0)

    def slope_at(self, z):
        return 0.5 + np.clip(z / 2, 0, 1)


def trained(**spec) -> Network:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(ROWS, 4))
    codes = (CodeColumn(3, 5),) if "embedding" in spec else ()
    if codes:
        X[:, 3] = rng.integers(0, 5, ROWS)
    y = (rng.random(ROWS) < 1 / (1 + np.exp(-3 * X[:, 0] * X[:, 1]))).astype(float)
    rows = np.arange(ROWS)
    design = Design(X, y, None, rows[:120], rows[120:], codes)
    trainer = Trainer(parse_spec({"epochs": 30, "optimizer": {"learning_rate": 0.02}, **spec}), design)
    for _ in trainer.epochs():
        pass
    return trainer.network()


KINDS = {
    "relu": {"layers": [8, 4]},
    "members": {"layers": [6, 3], "members": 3},
    "linear": {"layers": []},
    "silu": {"layers": [8, 8], "activation": "silu", "residual": True, "members": 2},
    "mixed": {"layers": [6, {"tanh": {}}, 5]},
}


def rows_of(seed: int, count: int, codes: bool = False):
    X = np.random.default_rng(seed).normal(size=(count, 4)) * 1.5
    if codes:
        X[:, 3] = np.arange(count) % 5
    return X


@pytest.mark.parametrize("curve", [None, Bent()], ids=["logit", "curve"])
@pytest.mark.parametrize("kind", KINDS)
def test_contributions_are_those_of_finite_differences_along_the_paths(kind, curve):
    network = trained(**KINDS[kind])
    g = curve or (lambda z: z)
    bases, X = rows_of(1, 3), rows_of(2, 4)
    steps, small = 2000, 1e-5
    times = (np.arange(steps) + 0.5) / steps
    expected = np.zeros(X.shape)
    for i, x in enumerate(X):
        for b in bases:
            points = b + times[:, None] * (x - b)
            for j in range(4):
                move = small * np.eye(4)[j]
                slope = g(network.logits(points + move)) - g(network.logits(points - move))
                expected[i, j] += (x - b)[j] * slope.mean() / (2 * small) / len(bases)
    assert np.abs(contributions(network, bases, X, curve) - expected).max() < 1e-3


@pytest.mark.parametrize("curve", [None, Bent()], ids=["logit", "curve"])
@pytest.mark.parametrize("kind", [*KINDS, "embedded"])
def test_contributions_sum_to_the_difference_from_the_mean_of_the_bases(kind, curve):
    spec = KINDS.get(kind, {"layers": [6, 4], "embedding": {"at_least": 1, "width": 2}, "members": 2})
    network = trained(**spec)
    g = curve or (lambda z: z)
    bases, X = rows_of(5, 7, kind == "embedded"), rows_of(6, 40, kind == "embedded")
    found = contributions(network, bases, X, curve)
    difference = g(network.logits(X)) - g(network.logits(bases)).mean()
    assert np.abs(found.sum(axis=1) - difference).max() <= 1e-12


@pytest.mark.parametrize("kind", ["members", "silu"])
def test_the_average_over_bases_is_the_mean_of_the_contributions_against_each(kind):
    network = trained(**KINDS[kind])
    bases, X = rows_of(7, 5), rows_of(8, 30)
    each = [contributions(network, base[None], X, Bent()) for base in bases]
    assert np.abs(contributions(network, bases, X, Bent()) - np.mean(each, axis=0)).max() <= 1e-12


@pytest.mark.parametrize("curve", [None, Bent()], ids=["logit", "curve"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_row_has_the_same_bits_alone_and_in_a_batch(kind, curve):
    network = trained(**KINDS[kind])
    bases, X = rows_of(9, 11), rows_of(10, 90)
    whole = contributions(network, bases, X, curve)
    for row in (0, 41, 89):
        assert np.array_equal(contributions(network, bases, X[row : row + 1], curve)[0], whole[row])
