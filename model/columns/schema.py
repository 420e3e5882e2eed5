"""The schema of a table: kinds and ranges of its columns, its target, and warnings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.columns.table_warnings import TableWarning
from model.errors import ColumnError
from model.names import clipped


@dataclass(frozen=True)
class ColumnSummary:
    """One column: its kind, its missing values, and figures of its values."""

    name: str
    kind: str
    missing: int
    facts: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return it in the form of the API."""
        return {"name": self.name, "kind": self.kind, "missing": self.missing, **self.facts}


@dataclass(frozen=True)
class Schema:
    """The rows, columns, target and warnings of a table; `read_as` says how its file is read, if there is one."""

    rows: int
    columns: tuple[ColumnSummary, ...]
    id_column: str | None
    target: str | None
    positives: int | None
    warnings: tuple[TableWarning, ...]
    read_as: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it in the form of the API."""
        target = None
        if self.target is not None and self.positives is not None:
            target = {"name": self.target, "positives": self.positives, "rate": self.positives / self.rows}
        return {
            "rows": self.rows,
            "columns": [column.to_json() for column in self.columns],
            "id": self.id_column,
            "target": target,
            "warnings": [warning.to_json() for warning in self.warnings],
            **({} if self.read_as is None else {"read_as": dict(self.read_as)}),
        }


def other_columns(names: Sequence[str], target: str | None, id_column: str | None) -> list[str]:
    """Return the column names that are neither target nor id.

    Raises:
        ColumnError: one of the two is missing, or both are the same.
    """
    if target is not None and target == id_column:
        raise ColumnError(f"column {clipped(target)!r} cannot be both target and id: name another one, or no id", "id")
    for role, name in (("target", target), ("id", id_column)):
        if name is not None and name not in names:
            raise ColumnError(f"there is no {role} column {clipped(name)!r}; the table has {listed(names)}", role)
    return [name for name in names if name not in (target, id_column)]


def listed(names: Sequence[str]) -> str:
    """Return the first names in quotes, and the number of further names.

    Example:
        >>> listed(["months", "plan"])
        "'months', 'plan'"
    """
    shown = ", ".join(repr(name) for name in names[:20])
    return shown if len(names) <= 20 else f"{shown} and {len(names) - 20} more"
