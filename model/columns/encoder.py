"""The encoder: it maps the columns of a table to the design matrix, as fitted in training."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from model.columns import KIND_OF_CELLS, KINDS, Column, Table
from model.columns.categorical import CategoricalColumn
from model.columns.cells import Cells, Days, Numbers, Scalar, Words
from model.columns.date import DateColumn
from model.columns.numeric import NumericColumn
from model.columns.numeric_block import NumericBlock
from model.columns.options import DEFAULT, ColumnOptions
from model.columns.row_problems import RowProblems
from model.design import CodeColumn
from model.errors import ColumnError

Raw = Cells | Sequence[object] | np.ndarray
Options = Mapping[str, ColumnOptions]


@dataclass(frozen=True)
class Encoder:
    """Fitted columns in the order of the design matrix.

    All operations are elementwise: the features of a row do not depend on other rows.
    """

    columns: tuple[Column, ...]

    @classmethod
    def fit(
        cls, table: Table, names: Sequence[str], options: Options, embed_from: int | None = None, scored: bool = False
    ) -> "Encoder":
        """Fit the named columns. `table` must hold the training rows only.

        Categorical columns of at least `embed_from` categories are embedded; None embeds none. If `scored`, numbers and
        dates have their normal score as a second feature.

        Raises: ColumnError when a column has no values or too many categories, or when there are no columns.
        """
        if not names:
            raise ColumnError(
                "there is no column to learn from: the table has only its target and id, and constant or empty columns"
            )
        fitted: list[Column] = []
        for name in names:
            cells = table.columns[name]
            if cells.missing.all():
                raise ColumnError(
                    f"column {name!r} has no value in any training row: fill it, or leave it out with "
                    f'"columns": {{"{name}": {{"drop": true}}}} in the training spec'
                )
            chosen = options.get(name, DEFAULT)
            kind: Any = KINDS[KIND_OF_CELLS[type(cells)]]
            if isinstance(cells, Words):
                fitted.append(CategoricalColumn.fit(name, cells, chosen, embed_from))
            elif isinstance(cells, Numbers | Days):
                fitted.append(kind.fit(name, cells, chosen, scored))
            else:
                fitted.append(kind.fit(name, cells, chosen))
        return cls(tuple(fitted))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def texts(self) -> frozenset[str]:
        """The columns whose texts a reader of files must keep: all but numbers without marks."""
        return frozenset(c.name for c in self.columns if not isinstance(c, NumericColumn) or c.marked)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The names of the design matrix's columns."""
        return tuple(feature for column in self.columns for feature in column.features)

    @cached_property
    def groups(self) -> tuple[slice, ...]:
        """The features of each column, in order."""
        ends = np.cumsum([len(column.features) for column in self.columns]).tolist()
        return tuple(slice(end - len(c.features), end) for c, end in zip(self.columns, ends, strict=True))

    @cached_property
    def codes(self) -> tuple[CodeColumn, ...]:
        """The features of the design matrix that are codes for an embedding."""
        pairs = zip(self.columns, self.groups, strict=True)
        return tuple(
            CodeColumn(group.start, column.cardinality)
            for column, group in pairs
            if isinstance(column, CategoricalColumn) and column.embedded
        )

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The features that hold numbers: normal scores where there are any, else scaled numbers."""
        pairs = zip(self.columns, self.groups, strict=True)
        found = [(column.days if isinstance(column, DateColumn) else column, group) for column, group in pairs]
        return tuple(g.start + bool(c.knots) for c, g in found if isinstance(c, NumericColumn))

    def read(self, columns: Mapping[str, Raw], n: int) -> tuple[Table, RowProblems]:
        """Return the cells of the columns, and the problems by row. An absent column is missing in every row.

        Raises: ColumnError when a column does not have `n` values.
        """
        problems = RowProblems()
        cells: dict[str, Cells] = {}
        plain = self._numeric_block.read(columns, n) if self._numeric_block is not None else {}
        for column in self.columns:
            if column.name in plain:
                cells[column.name] = plain[column.name]
                continue
            raw = columns.get(column.name, [None] * n)
            if len(raw) != n:
                raise ColumnError(f"column {column.name!r} has {len(raw)} values for {n} records")
            cells[column.name] = column.read(raw, problems)
        return Table(cells, n), problems

    def encode(self, table: Table) -> np.ndarray:
        """Return the design matrix of cells that `read` returned, shape (n, d), float64."""
        X = np.empty((table.rows, len(self.features)))
        block = self._numeric_block
        for column, group in zip(self.columns, self.groups, strict=True):
            if block is None or column.kind != "numeric":
                encoder: Any = column  # `read` gave each column cells of its own kind
                encoder.encode(table.columns[column.name], X[:, group])
        if block is not None:
            block.encode(table, X)
        return X

    @cached_property
    def _numeric_block(self) -> NumericBlock | None:
        """The numeric columns as one block; None for fewer than two."""
        placed = [(c, g.start) for c, g in zip(self.columns, self.groups, strict=True) if isinstance(c, NumericColumn)]
        return NumericBlock.of([c for c, _ in placed], [start for _, start in placed]) if len(placed) > 1 else None

    def unseen(self, table: Table) -> dict[str, int]:
        """Return the number of rows of each categorical column whose category has no feature of its own."""
        counts: dict[str, int] = {}
        for column in self.columns:
            if column.kind == "categorical":
                encoder: Any = column
                counts[column.name] = encoder.unseen(table.columns[column.name])
        return counts

    def baseline_customer(self) -> dict[str, Scalar]:
        """Return the baseline customer: medians and most frequent values of the training rows."""
        return {column.name: column.baseline_value for column in self.columns}

    def to_json(self) -> list[dict[str, Any]]:
        """Return the fitted columns as JSON."""
        return [{"kind": column.kind, **asdict(column)} for column in self.columns]

    @classmethod
    def from_json(cls, raw: Sequence[Mapping[str, Any]]) -> "Encoder":
        """Return the encoder that `to_json` wrote."""
        return cls(tuple(_column(dict(fields)) for fields in raw))


def _column(fields: dict[str, Any]) -> Column:
    kind: Any = KINDS[fields.pop("kind")]
    if "days" in fields:
        fields["days"] = NumericColumn(**_with_tuples(fields["days"]))
    column: Column = kind(**_with_tuples(fields))
    return column


def _with_tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
