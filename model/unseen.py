"""Unseen rows: labelled rows that neither of two versions has seen, with the log-odds by both.

A version has seen every row of its table: it was trained on the row, or the row chose its epoch and its calibration.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from model.columns import Table
from model.columns.target import labels
from model.design import Floats
from model.estimator import Estimator, Fitting
from model.seen_rows import Mask, SeenRows, in_several_parts, row_digests
from model.tables.opening import How, Source
from model.tables.reader import PROFILE_ROWS, read_cells

THIS = "this training"


@dataclass(frozen=True)
class Unseen:
    """Labels and log-odds of the rows that neither champion nor candidate has seen.

    `labelled` counts the rows that they were chosen from, the other counts those that each has seen. `names` are those
    of champion and candidate for messages.

    Shapes: y, champion and candidate (n,).
    """

    y: Floats
    champion: Floats
    candidate: Floats
    labelled: int
    seen_by_champion: int
    seen_by_candidate: int
    names: tuple[str, str]

    @property
    def rows(self) -> int:
        """How many rows neither has seen."""
        return len(self.y)

    @property
    def churned(self) -> int:
        """How many of them churned."""
        return int(self.y.sum())

    @property
    def account(self) -> str:
        """The counts as a sentence."""
        champion, candidate = self.names
        seen = f"{champion} has seen {self.seen_by_champion:,} and {candidate} {self.seen_by_candidate:,}"
        return f"of {self.labelled:,} labelled rows {seen}"

    def to_json(self) -> dict[str, Any]:
        """Return the counts in the form of a job's result."""
        return {
            "rows": self.rows,
            "churned": self.churned,
            "labelled_rows": self.labelled,
            "seen_by_champion": self.seen_by_champion,
            "seen_by_candidate": self.seen_by_candidate,
        }


@dataclass(frozen=True, eq=False)
class Contender:
    """An estimator, its name for messages, and a function that returns the rows that it has seen."""

    name: str
    estimator: Estimator
    load_seen: Callable[[], SeenRows]

    @classmethod
    def of_version(
        cls, version: int, estimator: Estimator, kept: bytes | None, open_table: Callable[[], tuple[Source, How]]
    ) -> "Contender":
        """Return the contender of a stored version, with the digests that it keeps.

        A version of an earlier release keeps none; they are made from its table.
        """

        def load_seen() -> SeenRows:
            if kept is not None:
                return SeenRows.from_bytes(kept)
            columns = identifying(estimator.id_column, estimator.encoder.names)
            return SeenRows.of(read_cells(*open_table(), ()), columns)

        return cls(f"version {version}", estimator, load_seen)

    @cached_property
    def seen(self) -> SeenRows:
        """The rows that it has seen.

        Raises: FileError, TableError, ColumnError; the errors of `open_table`.
        """
        return self.load_seen()


def identifying(id_column: str | None, inputs: Sequence[str]) -> Sequence[str]:
    """Return the columns that identify a row: the id, or else the inputs."""
    return inputs if id_column is None else (id_column,)


def seen_rows(table: Table, fitting: Fitting) -> SeenRows:
    """Return the rows that a fitting has seen: all rows of its table."""
    return SeenRows.of([table], identifying(fitting.id_column, fitting.encoder.names))


def held_out_rows(table: Table, fitting: Fitting, champion: Contender) -> Unseen:
    """Return the held-out rows of a fitting that the champion has not seen.

    A row counts as seen by the candidate, too, if the training has another row of the same id or inputs.

    Raises: ColumnError, EstimatorError where the champion cannot score this table.
    """
    parts, valid = fitting.split.folds, fitting.valid_rows
    if parts is None:
        parts = np.ones(table.rows, np.int64)
        parts[valid] = 0
    digests = row_digests(table, identifying(fitting.id_column, fitting.encoder.names))
    mine, theirs = in_several_parts(digests, parts)[valid], champion.seen.find(table)[valid]
    chosen = ~(mine | theirs)
    rows = table.take(valid[chosen])
    return Unseen(
        y=fitting.y[valid[chosen]],
        champion=champion.estimator.log_odds(rows.columns, rows.rows),
        candidate=fitting.validation_log_odds()[chosen],
        labelled=len(valid),
        seen_by_champion=int(theirs.sum()),
        seen_by_candidate=int(mine.sum()),
        names=(champion.name, THIS),
    )


def read_rows(source: Source, how: How, *contenders: Contender, rows: int = PROFILE_ROWS) -> Iterator[Table]:
    """Read a table in chunks, and keep the texts that these contenders read in their own way.

    Raises: TableError when the file cannot be read.
    """
    texts = frozenset[str]().union(*(each.estimator.encoder.texts for each in contenders))
    return read_cells(source, how, texts, rows)


def unseen_by_both(tables: Iterable[Table], champion: Contender, candidate: Contender) -> Mask:
    """Tell of each row of a table, in chunks, whether neither has seen it.

    Raises: FileError, TableError, ColumnError.
    """
    return np.concatenate([~(champion.seen.find(table) | candidate.seen.find(table)) for table in tables])


def labelled_rows(tables: Iterable[Table], target: str, champion: Contender, candidate: Contender) -> Unseen:
    """Return the rows of a labelled table, in chunks, that neither has seen.

    Raises: TableError, ColumnError where the table cannot be read or scored; EstimatorError.
    """
    counts = np.zeros(3, np.int64)
    found: list[tuple[Floats, ...]] = []
    for table in tables:
        theirs, mine = champion.seen.find(table), candidate.seen.find(table)
        new = np.flatnonzero(~(theirs | mine))
        rows, numbers = table.take(new), counts[0] + 1 + new
        counts += (table.rows, theirs.sum(), mine.sum())
        if rows.rows:
            by_both = (one.estimator.log_odds(rows.columns, rows.rows) for one in (champion, candidate))
            found.append((labels(rows.columns[target], target, numbers), *by_both))
    y, by_champion, by_candidate = map(np.concatenate, zip(*found, strict=True)) if found else [np.zeros(0)] * 3
    labelled, by_first, by_second = counts.tolist()
    return Unseen(y, by_champion, by_candidate, labelled, by_first, by_second, (champion.name, candidate.name))
