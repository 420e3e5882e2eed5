"""Columns: from the values of a table to the features of a network.

Each kind of column has a file. A kind is fitted on training rows, reads values from lists or files, and encodes them.
"""

from model.columns.boolean import BooleanColumn
from model.columns.categorical import CategoricalColumn
from model.columns.cells import Cells, Days, Flags, Numbers, Table, Words
from model.columns.date import DateColumn
from model.columns.numeric import NumericColumn

Column = NumericColumn | BooleanColumn | CategoricalColumn | DateColumn

KINDS: dict[str, type[Column]] = {
    "numeric": NumericColumn,
    "boolean": BooleanColumn,
    "categorical": CategoricalColumn,
    "date": DateColumn,
}
KIND_OF_CELLS: dict[type[Cells], str] = {
    Numbers: "numeric",
    Flags: "boolean",
    Words: "categorical",
    Days: "date",
}

__all__ = ["KINDS", "KIND_OF_CELLS", "Cells", "Column", "Days", "Flags", "Numbers", "Table", "Words"]
