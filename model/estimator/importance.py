"""The background and the importance of columns: chosen and measured when an estimator is fitted."""

from dataclasses import replace
from typing import Any

import numpy as np

from model.columns import Table
from model.columns.cells import Cells, Days, Numbers, Scalar
from model.design import Floats, Integers
from model.estimator.background import (
    Background,
    background_size,
    path_cost,
    representatives,
    typical_values,
)
from model.estimator.estimator import Estimator
from model.heads import Classes
from model.random import shuffle, stream
from model.spec import Reasons
from model.split import Split

DRAWING = 1003  # the purpose of the random stream that draws candidates and rows
CANDIDATES = 512  # of whom the background is chosen, at least
MOST_WORK = 10**10  # weights that the path integrals of the importance read, about: some seconds
FEWEST_ROWS, MOST_ROWS = 8, 200  # whose contributions are measured
CHECKED = 4  # one row in so many is explained by a second background
MOST_COLUMNS = 100
MOST_VALUES = 10  # of a column: categories, or ranges of numbers


def with_reasons(estimator: Estimator, reasons: Reasons, cells: Table, y: Floats, split: Split) -> Estimator:
    """Return the estimator with its background, and with the importance of its columns among its metrics."""
    if isinstance(estimator.head, Classes):
        return estimator
    if isinstance(reasons.baseline, tuple):
        background = Background.of_customer(estimator.encoder, "record", dict(reasons.baseline))
    elif reasons.baseline == "stayer":
        stayed = cells.take(split.train[y[split.train] == 0.0])
        customer = typical_values(estimator.encoder, stayed)
        background = Background.of_customer(estimator.encoder, "stayer", customer)
    else:
        return _with_average(estimator, reasons.background or background_size(estimator.network), cells, split)
    return _measured(replace(estimator, background=background), None, cells, split)


def _with_average(estimator: Estimator, size: int, cells: Table, split: Split) -> Estimator:
    """Return the estimator with training customers as its background, measured by a second background like it."""
    order = split.train[shuffle(stream(0, DRAWING), len(split.train))][: 2 * max(CANDIDATES, 4 * size)]
    X = estimator.encoder.encode(cells.take(order))
    if len(order) <= 2 * size:
        return _measured(_on(estimator, X), None, cells, split)
    own, other = (half[representatives(estimator.network, half, size)] for half in (X[::2], X[1::2]))
    return _measured(_on(estimator, own), _on(estimator, other), cells, split)


def _on(estimator: Estimator, rows: Floats) -> Estimator:
    return replace(estimator, background=Background("average", rows, estimator.encoder.baseline_customer()))


def _measured(estimator: Estimator, second: Estimator | None, cells: Table, split: Split) -> Estimator:
    """Return the estimator with the importance of its columns, and with the error of its average.

    Networks whose path integrals would take minutes have neither.

    The error is that of one of two backgrounds which are chosen alike from different customers: the root mean square of
    the difference of their contributions, divided by √2.
    """
    paths = len(estimator.background.rows) * path_cost(estimator.network)
    count = min(MOST_ROWS, MOST_WORK // max(1, paths))
    if count < FEWEST_ROWS:
        return estimator
    held = split.valid if len(split.valid) >= FEWEST_ROWS else split.train
    rows = held[shuffle(stream(1, DRAWING), len(held))][:count]
    table = cells.take(rows)
    found = estimator.contributions(table)
    errors = np.zeros(found.shape[1])
    if second is not None:
        few = cells.take(rows[::CHECKED])
        errors = np.sqrt(np.square(found[::CHECKED] - second.contributions(few)).mean(axis=0) / 2)
    measured = {
        "baseline": estimator.background.baseline,
        "background": len(estimator.background.rows),
        "baseline_log_odds": estimator.baseline_log_odds,
        "error": float(np.sqrt(np.square(errors).mean())),
        "rows": len(rows),
        "columns": _columns(estimator, table, found, errors),
    }
    return replace(estimator, metrics={**estimator.metrics, "reasons": measured})


def _columns(estimator: Estimator, table: Table, found: Floats, errors: Floats) -> list[dict[str, Any]]:
    """Return the most important columns, each with its mean contribution by value."""
    importance = np.abs(found).mean(axis=0)
    order = np.argsort(-importance, kind="stable")[:MOST_COLUMNS].tolist()
    names = estimator.encoder.names
    return [
        {
            "column": names[j],
            "importance": float(importance[j]),
            "error": float(errors[j]),
            "values": _by_value(table.columns[names[j]], found[:, j]),
        }
        for j in order
    ]


def _by_value(cells: Cells, contributions: Floats) -> list[dict[str, Any]]:
    """Return the mean contribution of each group of rows with equal or neighbouring values, missing ones last."""
    values, known = cells.scalars(), np.flatnonzero(~cells.missing)
    groups: list[tuple[dict[str, Scalar], Integers]] = []
    if isinstance(cells, Numbers | Days):
        ranges = _ranges(cells.values, known)
        groups += [({"from": values[rows[0]], "to": values[rows[-1]]}, rows) for rows in ranges]
    else:
        by_value: dict[Scalar, list[int]] = {}
        for row in known.tolist():
            by_value.setdefault(values[row], []).append(row)
        common = sorted(by_value.items(), key=lambda each: -len(each[1]))[:MOST_VALUES]
        groups += [({"value": value}, np.array(rows)) for value, rows in common]
    if len(missing := np.flatnonzero(cells.missing)):
        groups.append(({"value": None}, missing))
    return [{**what, "rows": len(rows), "contribution": float(contributions[rows].mean())} for what, rows in groups]


def _ranges(values: Floats, known: Integers) -> list[Integers]:
    """Return the known rows in ranges of about equal numbers of rows, by value; equal values share a range."""
    order = known[np.argsort(values[known], kind="stable")]
    distinct, first = np.unique(values[order], return_index=True)
    place = first if len(distinct) > MOST_VALUES else np.arange(len(distinct)) * len(order) / MOST_VALUES
    group = np.repeat(np.floor(place * MOST_VALUES / max(1, len(order))), np.diff([*first, len(order)]))
    cuts = np.flatnonzero(np.diff(group)) + 1
    return [rows for rows in np.split(order, cuts) if len(rows)]
