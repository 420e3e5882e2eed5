"""Which rows train and which validate."""

import numpy as np
from numpy.typing import NDArray

from model.errors import TableError

Rows = NDArray[np.int64]


def stratified_split(y: NDArray[np.float64], fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Training and validation rows, each with the same share of churners, drawn from the seed.

    The order comes from the generator's raw output, so that it is the same with every version of NumPy.

    Raises:
        TableError: there are too few rows of one outcome to have some on both sides.

    Example:
        >>> train, valid = stratified_split(np.array([0.0, 1.0] * 5), 0.2, seed=0)
        >>> len(train), len(valid)
        (8, 2)
    """
    order = np.argsort(np.random.PCG64(seed).random_raw(len(y)), kind="stable")
    held: list[Rows] = []
    for outcome, who in ((0.0, "customers who stayed"), (1.0, "churners")):
        rows = order[y[order] == outcome]
        count = round(fraction * len(rows)) if fraction == 0.0 else max(1, round(fraction * len(rows)))
        if len(rows) <= count:
            raise TableError(
                f"only {len(rows)} of {len(y):,} rows are {who}, too few to train on some and validate on others: "
                "gather rows of both outcomes"
            )
        held.append(rows[:count])
    valid = np.sort(np.concatenate(held))
    train = np.setdiff1d(np.arange(len(y)), valid)
    return train, valid
