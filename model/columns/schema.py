"""What a table holds: its columns' kinds and ranges, its target, and what its owner should know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.columns import KIND_OF_CELLS, Table
from model.columns.advice import Advice, advise, advise_on_ids
from model.columns.cells import Cells, Days, Flags, Words
from model.columns.target import check_both, labels
from model.errors import ColumnError, TableError

LISTED_CATEGORIES = 50


@dataclass(frozen=True)
class ColumnSummary:
    """One column: its kind, its gaps, and what there is in it."""

    name: str
    kind: str
    missing: int
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {"name": self.name, "kind": self.kind, "missing": self.missing, **self.facts}


@dataclass(frozen=True)
class Schema:
    """A table's rows, columns, target and warnings."""

    rows: int
    columns: tuple[ColumnSummary, ...]
    id_column: str | None
    target: str | None
    positives: int | None
    warnings: tuple[Advice, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        target = None
        if self.target is not None and self.positives is not None:
            target = {"name": self.target, "positives": self.positives, "rate": self.positives / self.rows}
        return {
            "rows": self.rows,
            "columns": [column.to_json() for column in self.columns],
            "id": self.id_column,
            "target": target,
            "warnings": [advice.to_json() for advice in self.warnings],
        }


def infer_schema(table: Table, target: str | None = None, id_column: str | None = None) -> Schema:
    """Describe a table; with a target, also what would spoil a training.

    Raises: ColumnError when the target or id column is not there, or the target is not a yes/no column; TableError when
    there is a target, but one outcome only, or no column to learn from.
    """
    names = input_columns(table, target, id_column)
    y = None if target is None else labels(table.columns[target], target)
    if y is not None:
        check_both(y)
        if not names:
            raise TableError("the table has no column to learn from beside its target and ids: add some")
    return Schema(
        rows=table.rows,
        columns=tuple(summarise(name, table.columns[name]) for name in names),
        id_column=id_column,
        target=target,
        positives=None if y is None else int(y.sum()),
        warnings=(
            *advise({name: table.columns[name] for name in names}, y),
            *(() if id_column is None else advise_on_ids(id_column, table.columns[id_column])),
        ),
    )


def input_columns(table: Table, target: str | None, id_column: str | None) -> list[str]:
    """Return the names of the columns that are neither target nor id.

    Raises: ColumnError when one of the two is not in the table.
    """
    for role, name in (("target", target), ("id", id_column)):
        if name is not None and name not in table.columns:
            raise ColumnError(f"there is no {role} column {name!r}; the table has {_listed(list(table.columns))}")
    return [name for name in table.columns if name not in (target, id_column)]


def summarise(name: str, cells: Cells) -> ColumnSummary:
    """Count, range or categories of one column."""
    known = np.flatnonzero(~cells.missing)
    facts: dict[str, Any]
    if isinstance(cells, Words):
        counts = cells.counts()
        order = sorted(range(len(counts)), key=lambda code: (-counts[code], cells.words[code]))
        listed = [{"value": cells.words[code], "count": int(counts[code])} for code in order[:LISTED_CATEGORIES]]
        facts = {"distinct": len(counts), "categories": listed}
    elif isinstance(cells, Flags):
        facts = {"true": int(cells.values[known].sum()), "false": int((cells.values[known] == 0).sum())}
    elif len(known) == 0:
        facts = {"min": None, "max": None, "mean": None}
    else:
        least, most = known[np.argmin(cells.values[known])], known[np.argmax(cells.values[known])]
        facts = {"min": cells.scalar(int(least)), "max": cells.scalar(int(most))}
        if not isinstance(cells, Days):
            facts["mean"] = float(cells.values[known].mean())
    return ColumnSummary(name, KIND_OF_CELLS[type(cells)], len(cells) - len(known), facts)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
