"""The slices of customers whose predicted churn is farthest from the observed churn.

Source: Holm, "A simple sequentially rejective multiple test procedure", 1979, for the p values of many slices.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.columns.cells import Cells, Flags, Scalar, Words
from model.design import Floats
from model.evaluation.figures import rounded
from model.metrics import log_losses
from model.probabilities import sigmoid

FEWEST_ROWS = 30
SMALLEST_SHARE = 0.02
LEAST_VARIANCE = 5.0  # of the expected number of churners: with less, the normal approximation is poor
QUANTILES = 4
MOST_CATEGORIES = 50
LISTED = 5
SURE = 0.05


class Slice(NamedTuple):
    """The rows with one category, or with numbers from `low` to `high`; a missing value is the category None."""

    column: str
    bounds: Mapping[str, Scalar]
    rows: NDArray[np.int64]


def worst_slices(y: Floats, z: Floats, columns: Mapping[str, Cells]) -> dict[str, Any]:
    """Return the slices whose observed churn differs most from the predicted, by the standard error of the difference.

    `p_value` is Holm's, of all slices that were tested together: below 0.05 the slice differs, else it may be chance.
    """
    p, each = sigmoid(z), log_losses(y, z)
    variance = p * (1.0 - p)
    tested = []
    for one in slices(columns, max(FEWEST_ROWS, math.ceil(SMALLEST_SHARE * len(y)))):
        spread = float(variance[one.rows].sum())
        if spread >= LEAST_VARIANCE:
            tested.append((float((y - p)[one.rows].sum()) / math.sqrt(spread), one))
    tested.sort(key=lambda pair: -abs(pair[0]))
    worst, largest = [], 0.0
    for place, (score, one) in enumerate(tested[:LISTED]):
        largest = max(largest, min(1.0, math.erfc(abs(score) / math.sqrt(2.0)) * (len(tested) - place)))
        worst.append(
            rounded(
                {
                    "column": one.column,
                    **one.bounds,
                    "rows": len(one.rows),
                    "predicted": float(p[one.rows].mean()),
                    "observed": float(y[one.rows].mean()),
                    "log_loss": float(each[one.rows].mean()),
                    "p_value": largest,
                }
            )
        )
    return {"tested": len(tested), "differ": sum(row["p_value"] < SURE for row in worst), "worst": worst}


def slices(columns: Mapping[str, Cells], fewest: int) -> Iterator[Slice]:
    """Yield the slices of at least this many rows: each common category, and four groups of numbers."""
    for name, cells in columns.items():
        if len(absent := np.flatnonzero(cells.missing)) >= fewest:
            yield Slice(name, {"value": None}, absent)
        found = _categories(cells) if isinstance(cells, Words | Flags) else _ranges(cells)
        for bounds, rows in found:
            if len(rows) >= fewest and len(rows) < len(cells):
                yield Slice(name, bounds, rows)


def _categories(cells: Words | Flags) -> Iterator[tuple[dict[str, Scalar], NDArray[np.int64]]]:
    if isinstance(cells, Flags):
        codes = np.where(cells.missing, -1.0, cells.values).astype(np.int64)
    else:
        codes = cells.codes.astype(np.int64)
    counts = np.bincount(codes + 1)[1:]
    for code in np.argsort(-counts, kind="stable")[:MOST_CATEGORIES].tolist():
        rows = np.flatnonzero(codes == code)
        if len(rows):
            yield {"value": cells.scalar(int(rows[0]))}, rows


def _ranges(cells: Cells) -> Iterator[tuple[dict[str, Scalar], NDArray[np.int64]]]:
    """Yield groups of about equal size; equal numbers are in one group. Bounds are the least and greatest values."""
    assert not isinstance(cells, Words)  # noqa: S101 - those are categories
    known = np.flatnonzero(~cells.missing)
    values = cells.values[known]
    if len(values) == 0:
        return
    edges = np.unique(np.quantile(values, np.linspace(0.0, 1.0, QUANTILES + 1)[1:-1]))
    group = np.searchsorted(edges, values, "right")
    for each in range(len(edges) + 1):
        inside = group == each
        if inside.any():
            rows = known[inside]
            least, most = rows[values[inside].argmin()], rows[values[inside].argmax()]
            yield {"low": cells.scalar(int(least)), "high": cells.scalar(int(most))}, rows
