"""Logistic regression with a ridge penalty, by Newton's method with step halving."""

import numpy as np

from model.design import Floats
from model.errors import ShapeError
from model.probabilities import sigmoid

STEPS = 100
CLOSE = 1e-12  # a share of the loss: the fit stops when a step would gain less
JITTER = 1e-10  # of the mean curvature: keeps the equations solvable for collinear columns without a penalty


def fit_logistic(X: Floats, y: Floats, penalty: float = 1.0, weight: Floats | None = None) -> tuple[Floats, float]:
    """Return the weights and the bias of least penalised loss: Σ weight · cross-entropy + penalty/2 · |weights|².

    The penalty is 1/C of scikit-learn, and the bias is free of it. Collinear columns share their weight. Without a
    penalty the weights of separable rows have no finite optimum: they stop where a step would gain nothing.

    Shapes: X (n, d); y (n,) of 0 and 1; weight (n,), none negative; result (d,).

    Raises: ShapeError when the shapes differ or there are no rows.

    Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2009, section 4.4.1.
    """
    if X.ndim != 2 or len(X) == 0 or y.shape != (len(X),) or (weight is not None and weight.shape != y.shape):
        raise ShapeError(f"logistic regression needs X (n, d) and y (n,), n ≥ 1: these are {X.shape} and {y.shape}")
    counts = np.ones(len(y)) if weight is None else weight.astype(np.float64)
    center = X.mean(0, dtype=np.float64)  # a shift of the columns only moves the bias, and conditions the equations
    Z = np.column_stack([X - center, np.ones(len(X))])
    ridge = np.append(np.full(X.shape[1], float(penalty)), 0.0)
    left = float(counts @ y)
    line = np.zeros(len(ridge))
    line[-1] = np.log((left + 0.5) / (counts.sum() - left + 0.5))  # the base rate, finite for one outcome too
    loss = _loss(Z, y, counts, ridge, line)
    for _ in range(STEPS):
        p = sigmoid(Z @ line)
        gradient = Z.T @ (counts * (p - y)) + ridge * line
        curvature = (Z.T * (counts * p * (1.0 - p))) @ Z + np.diag(ridge)
        curvature += np.eye(len(ridge)) * (JITTER * np.trace(curvature) / len(ridge) + np.finfo(np.float64).tiny)
        step = np.linalg.solve(curvature, gradient)
        if gradient @ step <= CLOSE * loss:
            break
        while (lower := _loss(Z, y, counts, ridge, line - step)) > loss and np.abs(step).max() > CLOSE:
            step = step / 2
        if not lower < loss:
            break
        line, loss = line - step, lower
    return line[:-1], float(line[-1] - center @ line[:-1])


def _loss(Z: Floats, y: Floats, counts: Floats, ridge: Floats, line: Floats) -> float:
    z = Z @ line
    entropy = np.maximum(z, 0.0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return float(counts @ entropy + ridge @ np.square(line) / 2.0)
