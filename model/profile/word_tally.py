"""The tally of a column of texts, which may be flags, dates or categories."""

import math
from typing import Any

import numpy as np

from model.columns.boolean import parse_flag
from model.columns.categorical import NON_NUMBER_SHARE, nearly_numbers
from model.columns.cells import Codes, Days, Flags, Words, date_text, days_since_epoch
from model.columns.inference import MOST_FLAGS, are_flags
from model.columns.missing import is_mark, is_missing
from model.columns.numbers import parse_number
from model.columns.readings import ReadingFinder
from model.design import Floats

MOST_WORDS = 20_000  # distinct words that are counted: a column with more cannot be learned from
LISTED = 50


class WordTally:
    """Counts each word, keeps its first row, and checks whether all words are dates."""

    def __init__(self, most: int = MOST_WORDS) -> None:
        self._most = most
        self.codes: dict[str, int] = {}
        self.counts: list[int] = []
        self.first: list[int] = []
        self.rows = self._missing = 0
        self.beyond = False
        self._non_numbers_beyond: dict[str, int] = {}
        self._dates = True
        self._marks: dict[str, int] = {}
        self.finder = ReadingFinder()
        self._least, self._latest = math.inf, -math.inf

    def add(self, cells: Words, first_row: int) -> tuple[Codes, Floats]:
        """Add rows; return the codes of their words, and their days if all words so far are dates.

        Words beyond the limit have the code of a missing value.
        """
        self.rows += len(cells)
        self._missing += int(cells.missing.sum())
        counts = cells.counts()
        at = np.zeros(len(cells.words) + 1, np.int64)
        at[cells.codes[::-1]] = np.arange(first_row + len(cells) - 1, first_row - 1, -1)
        codes = np.full(len(cells.words) + 1, -1, np.int32)
        days = np.full(len(cells.words) + 1, np.nan)
        for place in np.flatnonzero(counts).tolist():
            word, count = cells.words[place].strip(), int(counts[place])
            if is_mark(word):
                self._missing += count
                continue
            codes[place] = self._note(word, count, int(at[place]))
            if self._dates and word not in self._marks:
                day = days_since_epoch(word)
                self._dates = day is not None
                days[place] = math.nan if day is None else day
        if self._dates and not np.isnan(days).all():
            self._least = min(self._least, float(np.nanmin(days)))
            self._latest = max(self._latest, float(np.nanmax(days)))
        return codes[cells.codes], days[cells.codes]

    def _note(self, word: str, count: int, row: int) -> int:
        code = self.codes.get(word)
        if code is not None:
            self.counts[code] += count
            if word in self._marks:
                self._marks[word] += count
            return code
        if not self.finder.ended or self._dates:
            self.finder.add(word)
            if is_missing(word):
                self._marks[word] = 0
        if word in self._marks:
            self._marks[word] += count
        if len(self.codes) >= self._most:
            self.beyond = True
            if len(self._non_numbers_beyond) <= NON_NUMBER_SHARE * self._most and _is_no_number(word):
                self._non_numbers_beyond.setdefault(word, row)
            return -1
        self.codes[word] = len(self.counts)
        self.counts.append(count)
        self.first.append(row)
        return len(self.counts) - 1

    @property
    def kind(self) -> type[Words | Flags | Days]:
        """The kind of all words, beside those that stand for a missing value."""
        if len(self.codes) == len(self._marks):
            return Words
        if len(self.codes) <= MOST_FLAGS and not self.beyond and are_flags(tuple(self.codes)):
            return Flags
        return Days if self._dates else Words

    @property
    def missing(self) -> int:
        """The number of rows without a value."""
        return self._missing + (0 if self.kind is Words else sum(self._marks.values()))

    @property
    def flags(self) -> Floats:
        """For each word: 1 for "true", 0 for "false", NaN for others."""
        return np.array([parse_flag(word) for word in self.codes])

    @property
    def constant(self) -> bool:
        """Whether every row has the same value."""
        if self.missing or not self.codes:
            return False
        if self.kind is Words:
            return len(self.codes) == 1
        return len(set(self.flags.tolist())) == 1 if self.kind is Flags else self._least == self._latest

    @property
    def value(self) -> Any:
        """The value of a constant column."""
        if self.kind is Words:
            return next(iter(self.codes))
        return bool(self.flags[0]) if self.kind is Flags else date_text(self._least)

    @property
    def first_non_number(self) -> tuple[Any, int] | None:
        """The first word that is not a number, and its row, in a column of numbers; else None."""
        words = list(self.codes)
        strange = np.isnan([parse_number(word) for word in words]) if words else np.zeros(0, bool)
        if not nearly_numbers(len(words), int(strange.sum()) + len(self._non_numbers_beyond)):
            return None
        found = [(self.first[code], words[code]) for code in np.flatnonzero(strange) if _is_no_number(words[code])]
        row, word = min([*found, *((row, word) for word, row in self._non_numbers_beyond.items())], default=(0, None))
        return None if word is None else (word, row)

    def facts(self) -> dict[str, Any]:
        """Return the counts of categories, the counts of true and false, or the range of dates."""
        if self.kind is Flags:
            true = int(np.dot(self.flags == 1.0, self.counts))
            return {"true": true, "false": self.rows - self.missing - true}
        if self.kind is Days:
            return {"min": date_text(self._least), "max": date_text(self._latest)}
        order = sorted(self.codes.items(), key=lambda word: (-self.counts[word[1]], word[0]))
        listed = [{"value": word, "count": self.counts[code]} for word, code in order[:LISTED]]
        more = {"distinct_at_least": True} if self.beyond else {}
        return {"distinct": len(self.codes), **more, "categories": listed}


def _is_no_number(word: str) -> bool:
    return math.isnan(parse_number(word)) and not is_missing(word)
