"""Collects what is wrong with single records, in a way the HTTP API can pass on."""

from dataclasses import dataclass, field

from model.errors import Problem
from model.parsing import escape

LONGEST_SHOWN = 40


@dataclass
class Faults:
    """The problems found while columns are read, by row."""

    rows: dict[int, list[Problem]] = field(default_factory=dict)

    def add(self, row: int, column: str, code: str, detail: str) -> None:
        """Note that the value of `column` in `row` cannot be used; the detail is told with the column's name."""
        problem = Problem(f"/{escape(column)}", code, f"column {column!r}: {detail}")
        self.rows.setdefault(int(row), []).append(problem)


def short_repr(value: object) -> str:
    """Show a value in a message: a text in quotes, and of a long one the beginning.

    Example:
        >>> short_repr("a"), short_repr("a" * 100)[-6:]
        ("'a'", 'aaa...')
    """
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
