"""Logistic regression: the conditions of its optimum hold, on awkward tables too."""

import numpy as np
import pytest

from model.errors import ShapeError
from model.logistic import fit_logistic
from model.probabilities import sigmoid


def rows(n: int, d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw columns of unequal scales, and outcomes that depend on them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.geomspace(0.1, 10.0, d) + 3.0
    z = ((X - 3.0) / np.geomspace(0.1, 10.0, d)) @ np.linspace(-1.0, 1.0, d) - 0.5
    return X, (rng.random(n) < sigmoid(z)).astype(float)


def slopes(X, y, line, penalty, weight=None) -> np.ndarray:
    """Return the gradient of the penalised loss, the bias last."""
    weights, bias = line
    residual = (sigmoid(X @ weights + bias) - y) * (1.0 if weight is None else weight)
    return np.append(X.T @ residual + penalty * weights, residual.sum())


@pytest.mark.parametrize("penalty", [0.0, 0.01, 1.0, 100.0])
def test_the_gradient_is_zero_at_the_optimum(penalty):
    X, y = rows(500, 6)
    assert np.abs(slopes(X, y, fit_logistic(X, y, penalty), penalty)).max() < 1e-3


def test_no_other_line_has_a_lower_penalised_loss():
    X, y = rows(300, 4)
    weights, bias = fit_logistic(X, y, 1.0)

    def loss(w: np.ndarray, b: float) -> float:
        z = X @ w + b
        return float(np.logaddexp(0.0, np.where(y > 0.5, -z, z)).sum() + w @ w / 2.0)

    rng = np.random.default_rng(1)
    others = [loss(weights + 1e-3 * rng.normal(size=4), bias + 1e-3 * rng.normal()) for _ in range(100)]
    assert loss(weights, bias) < min(others)


def test_a_weight_of_two_is_two_rows():
    X, y = rows(200, 3)
    weight = 1.0 + (np.arange(200) % 2)
    weighted, bias = fit_logistic(X, y, 1.0, weight)
    repeated, other = fit_logistic(np.repeat(X, weight.astype(int), 0), np.repeat(y, weight.astype(int)), 1.0)
    assert weighted == pytest.approx(repeated, rel=1e-5, abs=1e-7)
    assert bias == pytest.approx(other, rel=1e-5)
    assert np.abs(slopes(X, y, (weighted, bias), 1.0, weight)).max() < 1e-3


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_collinear_one_hots_share_their_weight(penalty):
    codes = np.arange(300) % 3
    X = np.eye(3)[codes]
    y = (np.random.default_rng(0).random(300) < np.array([0.2, 0.5, 0.7])[codes]).astype(float)
    weights, bias = fit_logistic(np.hstack([X, X]), y, penalty)
    assert weights[:3] == pytest.approx(weights[3:], abs=1e-4)
    assert weights.sum() == pytest.approx(0.0, abs=1e-4)
    if penalty == 0.0:
        rates = [y[codes == each].mean() for each in range(3)]
        assert sigmoid(np.hstack([X, X]) @ weights + bias)[:3] == pytest.approx(rates, abs=1e-6)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_separable_rows_give_finite_weights_that_separate(penalty):
    X = np.linspace(-1.0, 1.0, 40)[:, None]
    y = (X[:, 0] > 0.0).astype(float)
    weights, bias = fit_logistic(X, y, penalty)
    assert np.isfinite(weights).all()
    assert np.array_equal(X @ weights + bias > 0.0, y > 0.5)


def test_one_outcome_only_gives_an_extreme_but_finite_bias():
    weights, bias = fit_logistic(np.ones((20, 2)), np.zeros(20))
    assert weights.tolist() == [0.0, 0.0]
    assert -60.0 < bias < -5.0


def test_more_columns_than_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 80)), (np.arange(30) % 2).astype(float)
    assert np.abs(slopes(X, y, fit_logistic(X, y), 1.0)).max() < 1e-3


def test_features_of_float32_give_float64_weights():
    X, y = rows(100, 3)
    assert fit_logistic(X.astype(np.float32), y)[0].dtype == np.float64


@pytest.mark.parametrize(
    ("X", "y", "weight"),
    [
        (np.ones((0, 2)), np.ones(0), None),
        (np.ones((3, 2)), np.ones(4), None),
        (np.ones(3), np.ones(3), None),
        (np.ones((3, 2)), np.ones(3), np.ones(2)),
    ],
)
def test_wrong_shapes_are_refused(X, y, weight):
    with pytest.raises(ShapeError, match="logistic regression needs"):
        fit_logistic(X, y, weight=weight)
