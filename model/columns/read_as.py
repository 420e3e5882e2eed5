"""How a column is read: the names of the readings, and what a fitted column keeps of its own."""

from dataclasses import dataclass
from typing import Literal

ReadAs = Literal["decimal_point", "decimal_comma", "date", "day_first", "month_first"]
DECIMAL_MARKS = {"plain": ".", "decimal_point": ".", "decimal_comma": ","}


@dataclass(frozen=True)
class Reading:
    """How texts become numbers or dates: a `ReadAs`, or "plain" for plain numbers beside marks of missing values.

    `mark` is the sign or unit of each number. `unclear` is a text that another reading would give another value.
    """

    read_as: ReadAs | Literal["plain"]
    mark: str = ""
    unclear: str | None = None

    @property
    def kind(self) -> str:
        """The kind of the column."""
        return "numeric" if self.read_as in DECIMAL_MARKS else "date"


PLAIN = Reading("plain")
