"""The options of one column in a training spec."""

import math
from dataclasses import dataclass
from typing import Literal

from model.columns.read_as import ReadAs
from model.ranges import Positive


@dataclass(frozen=True)
class ColumnOptions:
    """Drops, declares or scales a column as (x − offset) / scale, narrows its range, or gives reasons words for it."""

    drop: bool = False
    scale: Positive | None = None
    offset: float = 0.0
    min: float | None = None
    max: float | None = None
    kind: Literal["numeric", "boolean", "categorical", "date"] | None = None
    read_as: ReadAs | None = None
    label: str | None = None
    phrase: str | None = None
    phrase_raising: str | None = None
    phrase_lowering: str | None = None

    @property
    def words(self) -> dict[str, str]:
        """The label and phrases that are given."""
        texts = {name: getattr(self, name) for name in ("label", "phrase", "phrase_raising", "phrase_lowering")}
        return {name: text for name, text in texts.items() if text is not None}

    @property
    def low(self) -> float:
        """The least accepted value; −∞ by default."""
        return -math.inf if self.min is None else self.min

    @property
    def high(self) -> float:
        """The largest accepted value; ∞ by default."""
        return math.inf if self.max is None else self.max


DEFAULT = ColumnOptions()
