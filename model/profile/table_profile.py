"""The profile of a whole table, and the schema made from it."""

from collections.abc import Mapping

import numpy as np

from model.columns import table_warnings
from model.columns.categorical import too_detailed
from model.columns.cells import Cells, Days, Numbers, Words
from model.columns.extremes import extreme_error
from model.columns.reading_warnings import identifying, inverted_target, read_otherwise
from model.columns.readings import FoundReading
from model.columns.schema import ColumnSummary, Schema, other_columns
from model.columns.table_warnings import LEAKING_AUC, TableWarning, single_column_auc
from model.columns.target import labels
from model.design import Floats
from model.errors import NO_ROWS, TableError
from model.profile.column_profile import ColumnProfile
from model.profile.id_profile import IdProfile
from model.profile.sample import SAMPLE_CELLS, SAMPLE_ROWS, RowSampler
from model.profile.target_profile import TargetProfile

NO_READINGS: Mapping[str, FoundReading] = {}


class TableProfile:
    """Profiles a table chunk by chunk. `schema` returns the result."""

    def __init__(
        self,
        target: str | None = None,
        id_column: str | None = None,
        found: Mapping[str, FoundReading] = NO_READINGS,
        *,
        sample_rows: int = SAMPLE_ROWS,
        sample_cells: int = SAMPLE_CELLS,
    ) -> None:
        self._target, self._id, self._found = target, id_column, found
        self._rows = RowSampler(sample_rows, sample_cells)
        self._columns: dict[str, ColumnProfile] = {}
        self._ids = None if id_column is None else IdProfile(id_column)
        self._outcomes = None if target is None else TargetProfile(target)

    def add(self, columns: Mapping[str, Cells], rows: int) -> None:
        """Add rows. A new column is missing in all rows before; an absent column is missing in these rows."""
        before, sampled = self._rows.seen, self._rows.sampled
        picked = self._rows.pick(rows)
        for name in columns:
            if name not in self._columns:
                closely = name != self._id or name == self._target
                self._columns[name] = ColumnProfile(name, self._found.get(name), closely=closely)
                if before:
                    self._columns[name].skip(before, sampled)
        for name, column in self._columns.items():
            if name in columns:
                column.add(columns[name], before + 1, picked)
            else:
                column.skip(rows, len(picked))
        if self._ids is not None:
            self._ids.add(columns.get(str(self._id), _missing(rows)))
        if self._outcomes is not None:
            self._outcomes.add(columns.get(str(self._target), _missing(rows)), before + 1)
        while self._columns and self._rows.thin(len(self._columns)):
            for column in self._columns.values():
                column.thin()

    def mixed(self) -> set[str]:
        """Return the columns that looked like numbers in some chunks and like texts in others."""
        return {name for name, column in self._columns.items() if column.mixed}

    def texts(self) -> set[str]:
        """Return the columns of texts."""
        return {name for name, column in self._columns.items() if column.is_text}

    def readings(self) -> dict[str, FoundReading]:
        """Return the columns of texts that are numbers or dates, and how they are read."""
        others = [
            (name, column.reading) for name, column in self._columns.items() if name not in (self._target, self._id)
        ]
        return {name: reading for name, reading in others if reading is not None}

    def schema(self) -> Schema:
        """Return the schema of the table.

        Raises:
            ColumnError: the target or id column is missing, or the target is not a yes/no column.
            TableError: there are no rows; a number or date is extreme; the target has one outcome only; there is no
                column beside target and id.
        """
        rows = self._rows.seen
        if rows == 0:
            raise TableError(NO_ROWS)
        self._refuse_extremes()
        names = other_columns(list(self._columns), self._target, self._id)
        positives = y = None
        inverted: tuple[TableWarning, ...] = ()
        if self._outcomes is not None:
            target = self._columns[self._outcomes.name]
            positives = self._outcomes.positives(target.kind)
            y = labels(target.sample(), target.name)
            inverted = inverted_target(target.name, target.sample())
            if not names:
                raise TableError("the table has no column to learn from beside its target and ids: add some")
        columns = [self._columns[name] for name in names]
        return Schema(
            rows=rows,
            columns=tuple(ColumnSummary(one.name, one.kind_name, one.missing, one.facts()) for one in columns),
            id_column=self._id,
            target=self._target,
            positives=positives,
            warnings=(
                *(warning for one in columns for warning in _warnings(one, y)),
                *(() if positives is None else table_warnings.too_few(positives, rows)),
                *inverted,
                *(() if self._ids is None else self._ids.warnings()),
            ),
        )

    def _refuse_extremes(self) -> None:
        for column in self._columns.values():
            row = column.values.extreme
            if row is not None and column.kind in (Numbers, Days):
                raise extreme_error(column.name, column.kind, row)


def _warnings(column: ColumnProfile, y: Floats | None) -> tuple[TableWarning, ...]:
    """Return the warnings about one column, equal to those of `find_warnings` on the whole table."""
    name, words = column.name, column.words
    if column.missing == column.rows:
        return (table_warnings.empty(name),)
    if column.constant:
        return (table_warnings.constant(name, column.value),)
    found = list(() if column.found is None else read_otherwise(name, column.found))
    detailed = column.kind is Words and too_detailed(len(words.codes), column.rows)
    if column.kind is Words and (odd := words.first_non_number) is not None:
        found.append(table_warnings.mixed(name, *odd))
    elif detailed:
        found.append(table_warnings.too_many(name, len(words.codes), words.beyond))
    elif column.kind is Numbers and column.values.is_row_number:
        found.append(table_warnings.numbering(name))
    elif column.missing == 0:
        found += identifying(name, column.sample())
    if y is not None and not detailed and (alone := single_column_auc(column.sample(), y)) >= LEAKING_AUC:
        found.append(table_warnings.leaking(name, alone))
    return tuple(found)


def _missing(rows: int) -> Numbers:
    return Numbers(np.full(rows, np.nan))
