"""Fits the slopes and the shift of a calibration: logistic regression on its bases, with bounded slopes."""

import numpy as np
from numpy.typing import NDArray

from model.calibration.calibration import Calibration
from model.design import Floats

SLOPES = (0.01, 100.0)  # the smallest and the largest slope: the order of customers stays, in float64 too
NEWTON_STEPS = 50
CLOSE = 1e-15  # nats: a fit stops when a step would gain less


def fit(identity: Calibration, y: Floats, z: Floats, folds: NDArray[np.bool_] | None = None) -> list[Calibration]:
    """Return the calibration of the kind of `identity` with the least log loss, one for each subset of the rows.

    Labels are smoothed by one row of each outcome, so that slopes stay small when z separates the outcomes.

    Shapes: y and z (n,); folds (f, n), the rows of each subset, by default all rows.

    Source: Platt, "Probabilistic outputs for support vector machines", 1999; Bertsekas, "Projected Newton methods for
    optimization problems with simple constraints", 1982.
    """
    bases = np.stack(identity.basis(z), axis=1)
    mean, spread = bases.mean(axis=0), bases.std(axis=0)
    spread[spread <= 1e-12 * np.abs(mean)] = 1.0
    X = np.append((bases - mean) / spread, np.ones((len(z), 1)), axis=1)
    weights = np.ones((1, len(z))) if folds is None else folds.astype(float)
    theta = np.tile([*spread, identity.shift + float(mean.sum())], (len(weights), 1))
    bounds = np.array([[*(SLOPES[0] * spread), -np.inf], [*(SLOPES[1] * spread), np.inf]])
    fitted = _newton(X, _smoothed(y, weights), weights, theta, bounds)
    slopes = np.clip(fitted[:, :-1] / spread, *SLOPES)
    shifts = fitted[:, -1] - slopes @ mean
    return [identity.with_slopes(each.tolist(), float(at)) for each, at in zip(slopes, shifts, strict=True)]


def _smoothed(y: Floats, weights: Floats) -> Floats:
    """Return the labels of each subset. Shapes: (n,) and (f, n) to (f, n)."""
    churned, stayed = weights @ y, weights @ (1.0 - y)
    return np.where(y > 0.5, ((churned + 1) / (churned + 2))[:, None], (1 / (stayed + 2))[:, None])


def _newton(X: Floats, target: Floats, weights: Floats, theta: Floats, bounds: Floats) -> Floats:
    """Return the coefficients of least log loss of each subset, within bounds: projected Newton with step halving.

    Shapes: X (n, m); target and weights (f, n); theta (f, m); bounds (2, m), low and high.
    """
    m, (low, high) = X.shape[1], bounds
    products = (X[:, :, None] * X[:, None, :]).reshape(len(X), m * m)
    share = weights / weights.sum(axis=1, keepdims=True)
    loss, p = _loss(X, target, share, theta)
    for _ in range(NEWTON_STEPS):
        gradient = (share * (p - target)) @ X
        free = ~((theta <= low) & (gradient > 0.0) | (theta >= high) & (gradient < 0.0))
        curvature = ((share * p * (1.0 - p)) @ products).reshape(-1, m, m)
        curvature = np.where(free[:, :, None] & free[:, None, :], curvature, 0.0) + 1e-9 * np.eye(m)
        curvature += ~free[:, :, None] * np.eye(m)
        step = np.linalg.solve(curvature, (gradient * free)[:, :, None])[:, :, 0]
        going = (gradient * step).sum(axis=1) >= CLOSE
        while True:
            new = np.clip(theta - step, low, high)
            new_loss, new_p = _loss(X, target, share, new)
            lower = new_loss < loss
            if (lower | ~going).all():
                break
            step[~lower] /= 2
            going &= (gradient * step).sum(axis=1) >= CLOSE
        better = lower & going
        if not better.any():
            break
        theta, loss = np.where(better[:, None], new, theta), np.where(better, new_loss, loss)
        p = np.where(better[:, None], new_p, p)
    return theta


def _loss(X: Floats, target: Floats, share: Floats, theta: Floats) -> tuple[Floats, Floats]:
    """Return the log loss of each subset, (f,), and the probabilities, (f, n)."""
    z = theta @ X.T
    small = np.exp(-np.abs(z))
    loss = (share * (np.maximum(z, 0.0) - z * target + np.log1p(small))).sum(axis=1)
    return loss, np.where(z >= 0.0, 1.0, small) / (1.0 + small)
