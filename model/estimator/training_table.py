"""The table of a training: its target, split and encoder, and the design matrix that networks learn from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.columns import Table, table_warnings
from model.columns.categorical import MOST_CATEGORIES, MOST_EMBEDDED
from model.columns.cells import Cells
from model.columns.declared import with_declared_kinds
from model.columns.encoder import Encoder
from model.columns.finding_warnings import find_warnings, gap_warnings
from model.columns.options import ColumnOptions
from model.columns.reading_warnings import inverted_target
from model.columns.schema import other_columns
from model.columns.table_warnings import TableWarning, is_constant
from model.design import Design, Floats
from model.errors import Problem, SpecError
from model.estimator.background import check_baseline
from model.heads import CATALOG as HEADS
from model.heads import Churn, Head, Number
from model.losses import CATALOG as LOSSES
from model.names import clipped
from model.parsing import escape, name_of
from model.spec import Portfolio, Recipe, Spec
from model.split import Split, split
from model.storage import canonical_json, sha256
from model.training.footprint import Shape, SizeLimits, check_size

CHUNK = 65_536


@dataclass(frozen=True, eq=False)
class TrainingTable:
    """A table as a training reads it. Columns are fitted on the training rows; `cells` has all rows.

    `left_out` names the columns that are no inputs: those that the spec drops, constant and empty ones.

    Shapes: y (n,), labels or numbers.
    """

    spec: Spec
    y: Floats
    split: Split
    head: Head
    encoder: Encoder
    cells: Table
    left_out: tuple[str, ...]
    warnings: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, table: Table, target: str, id_column: str | None, recipe: Recipe) -> "TrainingTable":
        """Read the target, split the rows, and fit the columns, by the settings that all stages of a recipe share.

        Raises: TableError, ColumnError, SpecError, as `Fitting` does.
        """
        spec = recipe.stages[0]
        options = dict(spec.columns)
        present = other_columns(list(table.columns), target, id_column)
        _check(spec, present)
        table = with_declared_kinds(table, options)
        head, y = HEADS[name_of(LOSSES, spec.loss)].read(table.columns[target], target)
        _check_labels(spec, y)
        rows = split(table, y, spec, head.strata(y))
        asked = [name for name in present if name not in options or not options[name].drop]
        empty = [name for name in asked if table.columns[name].missing[rows.train].all()]
        names = [name for name in asked if name not in empty and not is_constant(table.columns[name])]
        inputs = Table({name: table.columns[name] for name in names}, table.rows)
        embed_from, scored = None if spec.embedded is None else spec.embedded.at_least, spec.numbers != "scaled"
        outcomes = y if isinstance(head, Churn) else None
        warnings = _warnings(recipe, {name: table.columns[name] for name in asked}, outcomes, table.rows)
        constant = [name for name in empty if is_constant(table.columns[name])]  # has a warning of its own
        warnings += tuple(table_warnings.empty(name, "training row") for name in _others(empty, constant))
        if outcomes is not None:
            warnings += inverted_target(target, table.columns[target])
        train = inputs.take(rows.train)
        encoder = Encoder.fit(train, names, options, embed_from, scored)
        warnings += gap_warnings(encoder, train)
        check_baseline(spec.reasons, encoder)
        cells, _ = encoder.read(inputs.columns, inputs.rows)
        told = tuple(warning.to_json() for warning in warnings)
        return cls(spec, y, rows, head.fitted(y[rows.train]), encoder, cells, _others(present, names), told)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of facts of the table; another table gives others."""
        facts = [len(self.y), float(self.y.sum()), self.encoder.to_json()]
        return sha256(canonical_json(facts).encode())

    def design(self, stages: Sequence[Spec], columns: int, limits: SizeLimits) -> Design:
        """Return the design of all rows; refuse stages that are too large. `columns` counts those of the file.

        Raises: SpecError.
        """
        encoder, labels = self.encoder, self.head.labels(self.y)
        outputs, features = self.spec.loss.outputs(labels), len(encoder.features)
        shape = Shape(len(self.y), columns, features, encoder.codes, outputs, encoder.numbers)
        check_size(stages, shape, limits)
        X, rows = self._encoded(), self.split
        return Design(X, labels, None, rows.train, rows.valid, encoder.codes, rows.folds, encoder.numbers)

    def _encoded(self) -> Floats:
        X = np.empty((self.cells.rows, len(self.encoder.features)), self.spec.dtype)
        with np.errstate(over="ignore"):
            for rows in row_chunks(len(X)):
                X[rows] = self.encoder.encode(self.cells.take(rows))
        _check_scaled(dict(self.spec.columns), self.encoder, X)
        return X


def row_chunks(rows: int) -> Iterator[NDArray[np.int64]]:
    """Yield the row numbers in pieces, so that memory never holds float64 features of all rows."""
    for start in range(0, rows, CHUNK):
        yield np.arange(start, min(start + CHUNK, rows))


def _warnings(
    recipe: Recipe, columns: Mapping[str, Cells], outcomes: Floats | None, rows: int
) -> tuple[TableWarning, ...]:
    """Return the warnings of the columns, and of a portfolio that has no networks."""
    embedded = recipe.stages[0].embedded is not None
    found = find_warnings(columns, outcomes, MOST_EMBEDDED if embedded else MOST_CATEGORIES)
    if isinstance(recipe, Portfolio) and not any(stage.layers for stage in recipe.stages):
        found += (table_warnings.few_rows(rows),)
    return found


def _others(names: Iterable[str], chosen: Iterable[str]) -> tuple[str, ...]:
    without = frozenset(chosen)
    return tuple(name for name in names if name not in without)


def _check(spec: Spec, present: list[str]) -> None:
    problems = [
        Problem(f"/columns/{escape(name)}", "unknown", f"the table has no input column {clipped(name)!r}")
        for name in _others((name for name, _ in spec.columns), present)
    ]
    if spec.class_weight is not None and HEADS[name_of(LOSSES, spec.loss)] is Number:
        problems.append(Problem("/class_weight", "conflict", "needs a loss of classes: leave it null for this loss"))
    if problems:
        raise SpecError(problems)


def _check_scaled(options: Mapping[str, ColumnOptions], encoder: Encoder, X: Floats) -> None:
    """Refuse scales and offsets that make numbers too large for the type of the network."""
    problems = [
        Problem(
            f"/columns/{escape(name)}/scale", "range", f"makes numbers of this column too large for {X.dtype}: raise it"
        )
        for name, group in zip(encoder.names, encoder.groups, strict=True)
        if name in options and not np.isfinite(X[:, group.start : group.stop]).all()
    ]
    if problems:
        raise SpecError(problems)


def _check_labels(spec: Spec, y: Floats) -> None:
    if isinstance(spec.class_weight, tuple):
        last = int(y.max())
        unknown = [label for label, _ in spec.class_weight if int(label) > last]
        detail = f"is not a label of this target: its labels are 0 to {last}"
        if unknown:
            raise SpecError(Problem(f"/class_weight/{label}", "unknown", detail) for label in unknown)
