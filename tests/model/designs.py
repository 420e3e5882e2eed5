"""Small designs for tests."""

import numpy as np

from model.design import CodeColumn, Design


def design(
    train: int = 200,
    valid: int = 60,
    inputs: int = 4,
    *,
    seed: int = 0,
    weighted: bool = False,
    dtype: type = np.float64,
) -> Design:
    """Return rows whose label depends on the first two features, with noise."""
    rng = np.random.default_rng(seed)
    rows = train + valid
    X = rng.standard_normal((rows, inputs)).astype(dtype)
    chance = 1 / (1 + np.exp(1 - 2 * X[:, 0] - np.sin(2 * X[:, 1 % inputs])))
    weight = rng.uniform(0.5, 2, rows) if weighted else None
    order = rng.permutation(rows)
    return Design(X, (rng.random(rows) < chance).astype(float), weight, order[:train], order[train:])


def coded_design(train: int = 200, valid: int = 60) -> Design:
    """Return a design with two columns of category codes, of 3 and 5 categories."""
    plain = design(train, valid, 5)
    X = plain.X.copy()
    rng = np.random.default_rng(1)
    X[:, 1], X[:, 3] = rng.integers(0, 3, len(X)), rng.integers(0, 5, len(X))
    codes = (CodeColumn(1, 3), CodeColumn(3, 5))
    return Design(X, plain.y, None, plain.train_rows, plain.valid_rows, codes)
