"""A rolling backtest: trains on the past of each period anew, and predicts the period."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.columns import Table
from model.columns.cells import Days, Numbers
from model.design import Floats
from model.errors import ColumnError, Problem, SpecError, TableError
from model.estimator import Estimator, Fitting
from model.evaluation.figures import rounded
from model.evaluation.logistic_baseline import held_out_log_odds
from model.evaluation.periods import periods
from model.heads import Churn
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.metrics import auc, log_loss
from model.names import clipped
from model.spec import Recipe
from model.split import RowNumbers, Split

RETRAINED, ONCE, LOGISTIC = "retrained", "trained_once", "logistic_regression"


@dataclass(frozen=True, eq=False)
class Predicted:
    """A period, the number of earlier rows, its outcomes, and log-odds by each model that knew the earlier rows only.

    `trained_once` is the model of the first period, without new training since.
    """

    period: Mapping[str, Any]
    train_rows: int
    y: Floats
    log_odds: Mapping[str, Floats]

    def to_json(self) -> dict[str, Any]:
        """Return the figures of the period."""
        return {**self.period, "train_rows": self.train_rows, **figures(self.y, self.log_odds)}


def backtest(  # noqa: PLR0913 - table, roles of its columns, recipe
    table: Table, *, target: str, id_column: str | None = None, time: str, recipe: Recipe, most: int
) -> Iterator[Predicted]:
    """Predict the last periods of a table, at most `most` and never the first, the earliest first.

    Periods are months, or six parts of a time column of numbers or of more than 24 months.

    Raises: TableError, ColumnError, SpecError, as `Fitting` does; they name the table, spec or earlier rows that do not
    suffice.
    """
    if not isinstance(recipe.common.loss, BinaryCrossEntropy):
        raise SpecError([Problem("/loss", "conflict", "a backtest predicts who churned: leave it out")])
    parts, (_, y) = _parts(table, time), Churn.read(*_target(table, target))
    first: Estimator | None = None
    for place in range(max(1, len(parts) - most), len(parts)):
        earlier = np.sort(np.concatenate([rows for _, rows in parts[:place]]))
        period, rows = parts[place]
        fitting = Fitting(table.take(earlier), target=target, id_column=id_column, spec=recipe)
        for _ in fitting.epochs():
            pass
        estimator = fitting.estimator()
        first = first or estimator
        found = {RETRAINED: _log_odds(estimator, table, rows), ONCE: _log_odds(first, table, rows)}
        inputs = Table({name: table.columns[name] for name in estimator.encoder.names}, table.rows)
        if (baseline := held_out_log_odds(inputs, y, Split(earlier, rows), fitting.spec.seed)) is not None:
            found[LOGISTIC] = baseline.log_odds
        yield Predicted(period, len(earlier), y[rows], found)


def figures(y: Floats, log_odds: Mapping[str, Floats]) -> dict[str, Any]:
    """Return the rows, the share of churners, and the log loss and AUC of each model."""
    found: dict[str, Any] = {"rows": len(y), "observed": float(y.mean())}
    both = y.min() < y.max()
    for name, z in log_odds.items():
        found |= {f"{name}_log_loss": log_loss(y, z), f"{name}_auc": auc(y, z) if both else None}
    return rounded(found)


def together(predicted: list[Predicted]) -> dict[str, Any]:
    """Return the figures of all predicted periods together, of the models that predicted all of them."""
    names = [name for name in predicted[0].log_odds if all(name in each.log_odds for each in predicted)]
    y = np.concatenate([each.y for each in predicted])
    return figures(y, {name: np.concatenate([each.log_odds[name] for each in predicted]) for name in names})


def _parts(table: Table, time: str) -> list[tuple[Mapping[str, Any], RowNumbers]]:
    if time not in table.columns:
        raise ColumnError(f"cannot test by time: there is no column {clipped(time)!r}")
    cells = table.columns[time]
    if not isinstance(cells, Days | Numbers) or cells.missing.any():
        raise TableError(f"cannot test by time: column {clipped(time)!r} must hold a date or number in every row")
    parts: list[tuple[Mapping[str, Any], RowNumbers]] = list(periods(cells))
    if len(parts) < 2:
        raise TableError(
            f"column {clipped(time)!r} has one period only: a backtest predicts a period from earlier ones"
        )
    return parts


def _target(table: Table, target: str) -> tuple[Any, str]:
    if target not in table.columns:
        raise ColumnError(f"there is no target column {clipped(target)!r}", "target")
    return table.columns[target], target


def _log_odds(estimator: Estimator, table: Table, rows: RowNumbers) -> Floats:
    """Return the log-odds of some rows; a value that the estimator does not accept counts as missing."""
    part = table.take(rows)
    cells, _ = estimator.read(part.columns, part.rows)
    return estimator.log_odds(cells)
