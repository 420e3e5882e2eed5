"""All warnings about the columns of a whole table before a training."""

from collections.abc import Mapping

from model.columns import table_warnings
from model.columns.categorical import MOST_CATEGORIES, first_non_number, too_detailed
from model.columns.cells import Cells, Numbers, Table, Words
from model.columns.encoder import Encoder
from model.columns.reading_warnings import found_in, identifying, read_otherwise
from model.columns.table_warnings import LEAKING_AUC, TableWarning, is_constant, is_row_number, single_column_auc
from model.design import Floats


def find_warnings(
    columns: Mapping[str, Cells], y: Floats | None, most: int = MOST_CATEGORIES
) -> tuple[TableWarning, ...]:
    """Return all warnings about each column: how it is read, whether it identifies customers or tells who churned.

    A column with more than `most` categories always has too many.
    """
    found = [warning for name, cells in columns.items() for warning in _of_column(name, cells, y, most)]
    return (*found, *(() if y is None else table_warnings.too_few(int(y.sum()), len(y))))


def gap_warnings(encoder: Encoder, train: Table) -> tuple[TableWarning, ...]:
    """Return the warnings of the columns that have too few missing values in the training rows to learn from."""
    gaps = train.missing()
    few = [column for column in encoder.columns if column.name in gaps and not column.gaps]
    return tuple(table_warnings.few_gaps(column.name, gaps[column.name], column.baseline_value) for column in few)


def _of_column(name: str, cells: Cells, y: Floats | None, most: int) -> tuple[TableWarning, ...]:
    if len(cells) == 0 or cells.missing.all():
        return (table_warnings.empty(name),)
    if is_constant(cells):
        return (table_warnings.constant(name, cells.scalar(0)),)
    reading = found_in(cells)
    found = list(() if reading is None else read_otherwise(name, reading))
    detailed = isinstance(cells, Words) and too_detailed(len(cells.words), len(cells), most)
    if isinstance(cells, Words) and (odd := first_non_number(cells)) is not None:
        found.append(table_warnings.mixed(name, cells.scalar(odd), odd + 1))
    elif isinstance(cells, Words) and detailed:
        found.append(table_warnings.too_many(name, len(cells.words)))
    elif isinstance(cells, Numbers) and is_row_number(cells):
        found.append(table_warnings.numbering(name))
    else:
        found += identifying(name, cells)
    if y is not None and not detailed and (alone := single_column_auc(cells, y)) >= LEAKING_AUC:
        found.append(table_warnings.leaking(name, alone))
    return tuple(found)
