"""Collects the problems of single records."""

from dataclasses import dataclass, field

from model.errors import Problem
from model.parsing import escape

LONGEST_SHOWN = 40


@dataclass
class RowProblems:
    """The problems found while columns are read, by row."""

    rows: dict[int, list[Problem]] = field(default_factory=dict)

    def add(self, row: int, column: str, code: str, detail: str) -> None:
        """Add a problem: the value of `column` in `row` cannot be used. The detail gets the name of the column."""
        problem = Problem(f"/{escape(column)}", code, f"column {column!r}: {detail}")
        self.rows.setdefault(int(row), []).append(problem)


def short_repr(value: object) -> str:
    """Return a value for a message: a text in quotes, a long one shortened, true and false as in JSON.

    Example:
        >>> short_repr("a"), short_repr("a" * 100)[-6:], short_repr(True)
        ("'a'", 'aaa...', 'true')
    """
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."
