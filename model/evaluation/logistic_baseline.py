"""Logistic regression on the same rows, as the model that a version should not lose to.

Numbers are standardised, and an empty cell is their mean with an indicator; common categories are one-hot. Its ridge
penalty is 1 (scikit-learn's default).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from model.columns import Table
from model.columns.cells import Cells, Words
from model.design import Floats
from model.logistic import fit_logistic
from model.random import shuffle, stream
from model.split import RowNumbers, Split

MOST_FEATURES = 500
MOST_CATEGORIES = 50  # of a column; rarer ones have no feature
WORK = 1_000_000_000  # rows · features² of all fits; more rows are drawn at random
CELLS = 1 << 21  # of a design matrix in memory
PURPOSE = 0x1091

Feature = Callable[[Cells], Floats]


@dataclass(frozen=True)
class Baseline:
    """Log-odds of logistic regression for rows that it was not fitted on, and the number of rows of its largest fit."""

    log_odds: Floats
    fitted_rows: int


def held_out_log_odds(table: Table, y: Floats, split: Split, seed: int) -> Baseline | None:
    """Return the log-odds of the validation rows by logistic regression on the training rows.

    With folds, each fold is predicted by a fit to the others. None for more than 500 features, and where the rows of a
    fit have one outcome only.

    Shapes: y (n,); result (validation rows,).
    """
    train, valid, folds = split.train, split.valid, split.folds
    encode = plain_features(table, train)
    if len(encode) > MOST_FEATURES or not encode:
        return None
    found, largest = np.empty(len(valid)), 0
    parts = [(train, np.arange(len(valid)))]
    if folds is not None:
        held = folds[valid]
        parts = [(train[folds[train] != fold], np.flatnonzero(held == fold)) for fold in np.unique(held)]
    most = max(1, min(WORK // (len(encode) ** 2 * len(parts)), CELLS // len(encode)))
    for rows, places in parts:
        drawn = rows if len(rows) <= most else np.sort(rows[shuffle(stream(seed, PURPOSE), len(rows))[:most]])
        if y[drawn].min() == y[drawn].max():
            return None
        weights, bias = fit_logistic(_matrix(encode, table.take(drawn)), y[drawn])
        largest = max(largest, len(drawn))
        for some in _chunks(places, CELLS // len(encode)):
            found[some] = _matrix(encode, table.take(valid[some])) @ weights + bias
    return Baseline(found, largest)


def plain_features(table: Table, train: RowNumbers) -> list[tuple[str, Feature]]:
    """Return the features by column, fitted on the training rows."""
    found: list[tuple[str, Feature]] = []
    for name, cells in table.columns.items():
        found += [(name, feature) for feature in _features(cells.take(train))]
    return found


def _features(cells: Cells) -> Iterator[Feature]:
    if isinstance(cells, Words):
        common = np.argsort(-cells.counts(), kind="stable")[:MOST_CATEGORIES]
        for code in common[cells.counts()[common] > 0].tolist():
            yield _one_hot(code)
        return
    known = cells.values[~cells.missing]
    if len(known) and (spread := float(known.std())) > 0.0 and np.isfinite(spread):
        yield _standardised(float(known.mean()), spread)
    if 0 < len(known) < len(cells):
        yield lambda cells: cells.missing.astype(np.float64)


def _one_hot(code: int) -> Feature:
    return lambda cells: (cells.codes == code).astype(np.float64) if isinstance(cells, Words) else _refuse()


def _standardised(mean: float, spread: float) -> Feature:
    return lambda cells: _refuse() if isinstance(cells, Words) else np.nan_to_num((cells.values - mean) / spread)


def _refuse() -> Floats:
    raise AssertionError("a column has one kind of cells")


def _matrix(encode: list[tuple[str, Feature]], table: Table) -> Floats:
    X = np.empty((table.rows, len(encode)))
    for place, (name, feature) in enumerate(encode):
        X[:, place] = feature(table.columns[name])
    return X


def _chunks(rows: RowNumbers, size: int) -> Iterator[RowNumbers]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
