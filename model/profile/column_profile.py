"""The profile of one column: a tally of its values or words, and its part of the sample."""

from typing import Any

import numpy as np

from model.columns import KIND_OF_CELLS
from model.columns.cells import Cells, Days, Flags, Words
from model.columns.readings import FoundReading
from model.profile.sample import ColumnSample
from model.profile.value_tally import ValueTally
from model.profile.word_tally import WordTally


class ColumnProfile:
    """Profiles one column. Each chunk has the kind of its own cells; the kind of the column is known at the end."""

    def __init__(self, name: str, found: FoundReading | None = None, *, closely: bool = True) -> None:
        self.name, self.found = name, found
        self._closely = closely  # ids are distinct words in every row: their words are not counted
        self.values = ValueTally()
        self.words = WordTally()
        self._sample = ColumnSample()
        self._days = ColumnSample()

    def add(self, cells: Cells, first_row: int, picked: np.ndarray) -> None:
        """Add rows; `picked` are the positions of the sampled ones."""
        if isinstance(cells, Words) and not self._closely:
            self.words.rows += len(cells)
        elif isinstance(cells, Words):
            codes, days = self.words.add(cells, first_row)
            self._sample.add(codes[picked].astype(np.float64))
            self._days.add(days[picked])
        else:
            self.values.add(cells, first_row)
            self._sample.add(cells.values[picked])
            self._days.add_missing(len(picked))

    def skip(self, rows: int, sampled: int) -> None:
        """Add rows without values, `sampled` of them in the sample."""
        self.values.skip(rows)
        self._sample.add_missing(sampled)
        self._days.add_missing(sampled)

    def thin(self) -> None:
        """Drop every second row of the sample."""
        self._sample.thin()
        self._days.thin()

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.values.rows + self.words.rows

    @property
    def is_text(self) -> bool:
        """Whether a chunk held words."""
        return self.words.rows > 0

    @property
    def mixed(self) -> bool:
        """Whether some chunks held words and others did not: the column is then one of words."""
        return self.is_text and self.values.known > 0

    @property
    def kind(self) -> type[Cells]:
        """The kind of the column's cells."""
        return self.words.kind if self.is_text else self.values.kind

    @property
    def missing(self) -> int:
        """The number of rows without a value."""
        return self.values.missing + self.words.missing

    @property
    def constant(self) -> bool:
        """Whether every row has the same value, and none is missing."""
        if self.missing:
            return False
        return self.words.constant if self.is_text else self.values.constant

    @property
    def value(self) -> Any:
        """The value of a constant column."""
        return self.words.value if self.is_text else self.values.scalar(self.values.least)

    @property
    def reading(self) -> FoundReading | None:
        """How the texts are read, if they are numbers or dates; the column has to be read again."""
        return self.words.finder.found if self.kind is Words and not self.mixed else None

    def facts(self) -> dict[str, Any]:
        """Return figures of the values: range and mean, counts of categories, or counts of true and false."""
        facts = self.words.facts() if self.is_text else self.values.facts()
        return facts if self.found is None else {**facts, **self.found.facts()}

    @property
    def kind_name(self) -> str:
        """The name of the kind."""
        return KIND_OF_CELLS[self.kind]

    def sample(self) -> Cells:
        """Return the cells of the sampled rows."""
        values = self._sample.values()
        if not self.is_text:
            kind: Any = self.kind
            return kind(values)  # type: ignore[no-any-return]  # a kind that holds values
        codes = np.where(np.isnan(values), -1, values).astype(np.int32)
        if self.kind is Flags:
            return Flags(np.append(self.words.flags, np.nan)[codes])
        if self.kind is Days:
            return Days(self._days.values())
        return Words(codes, tuple(self.words.codes))
