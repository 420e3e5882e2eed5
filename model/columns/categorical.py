"""Categorical columns: one feature a category, or one code for an embedding; rare categories share one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from model.columns.category_text import ACCEPTED, rewritten, texts, tidied, words_of
from model.columns.cells import Cells, Numbers, Scalar, Words
from model.columns.enough_rows import CATEGORY, enough, learns_gaps
from model.columns.missing import is_missing
from model.columns.numbers import parse_number
from model.columns.options import DEFAULT, ColumnOptions
from model.columns.row_problems import RowProblems, short_repr
from model.errors import ColumnError
from model.limits import CELL_CHARACTERS

MOST_CATEGORIES = 1000
MOST_EMBEDDED = 100_000
NON_NUMBER_SHARE = 0.05  # the largest share of words that are not numbers in a column of numbers


@dataclass(frozen=True)
class CategoricalColumn:
    """Encodes a word as 1 in the feature of its category and 0 in the others; the most frequent category comes first.

    Rare categories and categories that training never saw share one feature if enough training rows had them, else they
    are encoded as the most frequent category. So is a missing value, which has its own feature if enough were
    missing. An embedded column has a single feature instead: the number of the category, which the network looks up.
    """

    name: str
    categories: tuple[str, ...]
    rare: bool
    gaps: bool
    embedded: bool = False
    source: str | None = None
    """The kind of the values that a column of declared kind was made from; None for a column of texts."""
    kind: ClassVar[str] = "categorical"

    @classmethod
    def fit(
        cls, name: str, cells: Words, options: ColumnOptions = DEFAULT, embed_from: int | None = None
    ) -> "CategoricalColumn":
        """Find the categories of the training rows that are frequent enough for a feature.

        A column of at least `embed_from` categories is embedded; None embeds none.

        Raises: ColumnError when there are too many distinct words, or nearly all of them are numbers.
        """
        counts = cells.counts()
        seen = np.flatnonzero(counts)
        if options.kind is None and (odd := first_non_number(cells)) is not None:
            raise ColumnError(
                f"column {name!r} holds numbers, but {short_repr(cells.scalar(odd))} in row {odd + 1} of the training "
                f'rows: correct it, declare the column with "columns": {{"{name}": {{"kind": "categorical"}}}} in the '
                'training spec, or leave it out with {"drop": true}'
            )
        if too_detailed(len(seen), len(cells), MOST_CATEGORIES if embed_from is None else MOST_EMBEDDED):
            embed = "" if too_detailed(len(seen), len(cells), MOST_EMBEDDED) else 'embed it with "embedding": {}, '
            raise ColumnError(
                f"column {name!r} has {len(seen):,} different texts in {len(cells):,} training rows, too many for "
                f"categories. If it identifies customers, name it as the id column; otherwise group its values, {embed}"
                f'or leave it out with "columns": {{"{name}": {{"drop": true}}}} in the training spec'
            )
        needed = enough(CATEGORY, len(cells))
        order = sorted(seen, key=lambda code: (-counts[code], cells.words[code]))
        kept = [code for code in order if counts[code] >= needed] or order[:1]
        words = tuple(cells.words[code] for code in kept)
        rare = int(counts[order].sum() - counts[kept].sum()) >= needed
        gaps = learns_gaps(int(cells.missing.sum()), len(cells))
        source = None if options.kind is None else cells.source
        column = cls(name, words, rare=rare, gaps=gaps, source=source)
        return replace(column, embedded=embed_from is not None and column.cardinality >= embed_from)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.categories)

    @property
    def cardinality(self) -> int:
        """The number of distinct codes."""
        return len(self.categories) + self.rare + self.gaps

    @property
    def features(self) -> tuple[str, ...]:
        if self.embedded:
            return (self.name,)
        extra = ("is rare",) * self.rare + ("is missing",) * self.gaps
        return tuple(f"{self.name} = {word}" for word in self.categories) + tuple(
            f"{self.name} {what}" for what in extra
        )

    def read(self, cells: Cells | Sequence[object] | np.ndarray, problems: RowProblems) -> Words:
        """Read words from a list or from cells of a file; add other values and too long texts to `problems`.

        A column of declared kind accepts values of its source, and reads equal values as one category.
        """
        if self.source is not None:
            return self._short(self._declared(cells, self.source, problems), problems)
        if isinstance(cells, Words):
            return self._short(self._tidied(cells), problems)
        values = list(cells) if isinstance(cells, Sequence | np.ndarray) else list(cells.scalars())
        if not set(map(type, values)) <= {str, type(None)}:
            for row, value in enumerate(values):
                if value is not None and not isinstance(value, str):
                    detail = f"expected text, not {short_repr(value)}"
                    problems.add(row, self.name, "wrong_type", detail)
        words = Words.of([value if isinstance(value, str) else None for value in values])
        return self._short(self._tidied(words), problems)

    def _tidied(self, cells: Words) -> Words:
        """Return words without blanks around them, and without marks of missing values; categories stay as they are."""
        if self._known.issuperset(cells.words):
            return cells
        return tidied(cells, self._known)

    def _declared(self, cells: Cells | Sequence[object] | np.ndarray, source: str, problems: RowProblems) -> Words:
        if isinstance(cells, np.ndarray):
            cells = Numbers(cells) if cells.dtype.kind == "f" else cells.tolist()
        if isinstance(cells, Sequence):
            found = texts(cells, source)
            for row, (value, text) in enumerate(zip(cells, found, strict=True)):
                if value is not None and text is None:
                    problems.add(row, self.name, "wrong_type", f"expected {ACCEPTED[source]}, not {short_repr(value)}")
            cells = Words.of(found)
        return rewritten(words_of(cells), source)

    def _short(self, cells: Words, problems: RowProblems) -> Words:
        long = [code for code, word in enumerate(cells.words) if len(word) > CELL_CHARACTERS]
        for row in np.flatnonzero(np.isin(cells.codes, long)).tolist() if long else ():
            length = len(cells.words[cells.codes[row]])
            detail = f"has {length:,} characters; a cell has at most {CELL_CHARACTERS:,}"
            problems.add(row, self.name, "too_long", detail)
        return cells

    def encode(self, cells: Words, out: np.ndarray) -> None:
        """Write the features of `cells` into `out`, shape (n, features)."""
        missing = self.cardinality - 1 if self.gaps else 0
        positions = np.array([*self._positions(cells), missing])
        patterns = positions[:, None] if self.embedded else positions[:, None] == np.arange(self.cardinality)
        out[...] = patterns[cells.codes]  # code −1, a missing value, selects the last pattern

    def _positions(self, cells: Words) -> list[int]:
        known = {word: position for position, word in enumerate(self.categories)}
        other = len(self.categories) if self.rare else 0
        return [known.get(word, other) for word in cells.words]

    def unseen(self, cells: Words) -> int:
        """Return the number of rows whose category has no feature of its own."""
        known = set(self.categories)
        strange = np.array([word not in known for word in cells.words] + [False])
        return int(strange[cells.codes].sum())

    @property
    def baseline_value(self) -> Scalar:
        """The value of the baseline customer: the most frequent category."""
        return self.categories[0]


def too_detailed(distinct: int, rows: int, most: int = MOST_CATEGORIES) -> bool:
    """Tell whether a column has so many distinct words that it identifies customers or is free text.

    Example:
        >>> too_detailed(3, 6), too_detailed(900, 1000), too_detailed(2000, 10**6)
        (False, True, True)
    """
    return distinct > most or distinct > max(20, rows / 2)


def nearly_numbers(distinct: int, strange: int) -> bool:
    """Tell whether a column of so many distinct words, of which `strange` are not numbers, is one of numbers.

    Example:
        >>> nearly_numbers(41, 1), nearly_numbers(41, 3), nearly_numbers(41, 0)
        (True, False, False)
    """
    return distinct >= 20 and 0.0 < strange / distinct <= NON_NUMBER_SHARE


def first_non_number(cells: Words) -> int | None:
    """Return the first row without a number in a column of numbers: 95 % of its 20 or more words are numbers.

    Example:
        >>> first_non_number(Words.of([str(n) for n in range(40)] + ["12 months"]))
        40
    """
    strange = np.isnan([parse_number(word) for word in cells.words]) if cells.words else np.zeros(0, bool)
    if not nearly_numbers(len(strange), int(strange.sum())):
        return None
    strange &= [not is_missing(word) for word in cells.words]
    rows = np.flatnonzero(np.append(strange, False)[cells.codes])
    return int(rows[0]) if len(rows) else None
