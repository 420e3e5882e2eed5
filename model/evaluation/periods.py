"""A temporal hold-out by period, and how much a random split of the same rows would flatter."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np

from model.columns import Table
from model.columns.cells import Cells, Days, Scalar, Words
from model.columns.target import OUTCOMES
from model.design import Floats
from model.evaluation.figures import rounded
from model.evaluation.logistic_baseline import held_out_log_odds
from model.metrics import auc, log_loss
from model.split import RowNumbers, Split, stratified_rows

PARTS = 6  # of a time column of numbers, and the most parts of one of dates, beyond which months are joined
MOST_MONTHS = 24


def by_period(y: Floats, z: Floats, other: Floats | None, time: Cells) -> list[dict[str, Any]]:
    """Return the figures of each month; for a time column of numbers, of parts with about equally many rows.

    Shapes: y, z, the log-odds of logistic regression or None, and the time (n,).
    """
    found = []
    for name, rows in periods(time):
        both = y[rows].min() < y[rows].max()
        row: dict[str, Any] = {
            **name,
            "rows": len(rows),
            "observed": float(y[rows].mean()),
            "log_loss": log_loss(y[rows], z[rows]),
            "auc": auc(y[rows], z[rows]) if both else None,
        }
        if other is not None:
            row["logistic_regression_log_loss"] = log_loss(y[rows], other[rows])
            row["logistic_regression_auc"] = auc(y[rows], other[rows]) if both else None
        found.append(rounded(row))
    return found


def periods(time: Cells) -> Iterator[tuple[dict[str, Scalar], RowNumbers]]:
    """Yield the rows of each period, the earliest first, and its month or its first and last time."""
    assert not isinstance(time, Words)  # noqa: S101 - a time column holds dates or numbers
    values = time.values
    months = _months(values) if isinstance(time, Days) else None
    if months is not None and len(named := np.unique(months)) <= MOST_MONTHS:
        for month in named.tolist():
            rows = np.flatnonzero(months == month)
            yield {"month": f"{month // 12:04d}-{month % 12 + 1:02d}"}, rows
        return
    edges = np.unique(np.quantile(values, np.linspace(0.0, 1.0, PARTS + 1)[1:-1]))
    part = np.searchsorted(edges, values, "right")
    for each in np.unique(part).tolist():
        rows = np.flatnonzero(part == each)
        first, last = rows[values[rows].argmin()], rows[values[rows].argmax()]
        yield {"from": time.scalar(int(first)), "to": time.scalar(int(last))}, rows


def random_split_effect(table: Table, y: Floats, split: Split, seed: int) -> dict[str, Any] | None:
    """Return the figures of logistic regression on the latest rows, and on as many random rows of the whole table.

    The difference is how much a random split would flatter a model of this table. None where either cannot be computed.
    """
    held = stratified_rows(y, OUTCOMES, len(split.valid) / len(y), seed)
    by_chance = Split(np.setdiff1d(np.arange(len(y)), held), held)
    found: dict[str, Any] = {"model": "logistic_regression"}
    for name, one in (("temporal", split), ("random", by_chance)):
        baseline, outcome = held_out_log_odds(table, y, one, seed), y[one.valid]
        if baseline is None or len(outcome) == 0 or outcome.min() == outcome.max():
            return None
        figures = {"log_loss": log_loss(outcome, baseline.log_odds), "auc": auc(outcome, baseline.log_odds)}
        found[name] = rounded({"rows": len(outcome), **figures})
    return found


def _months(days: Floats) -> np.ndarray:
    """Return the number of months since the year 0 of days since 1970-01-01."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months + date(1970, 1, 1).year * 12)
