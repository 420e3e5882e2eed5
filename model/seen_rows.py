"""Seen rows: digests of the rows of a version's table, by which a comparison leaves these rows out.

A row is identified by its id where the table has an id column, else by its inputs. The digest of a row is that of its
cells' values, whatever the format of the file and the kind of the column: "7", 7 and 7.0 are the same, and so are
"true", true and 1. Fractions count as float32, because Parquet may store them so. A text such as "$1,234" or
"03/04/2023" counts as it is written: another table may read it otherwise. Marks of missing values, such as "none",
count as missing in every column.

A digest has 32 bits. A row that a version has not seen is taken for a seen one with a probability of n / 2³² for n seen
rows, 0.02 % for a million. The comparison then has one row less.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.columns import Table
from model.columns.boolean import parse_flag
from model.columns.cells import Cells, Flags, Words, days_since_epoch
from model.columns.missing import is_missing
from model.columns.numbers import parse_number
from model.columns.schema import listed
from model.design import Floats
from model.errors import ColumnError, FileError
from model.storage import pack, unpack

FORMAT = 1  # of the digests: another way to compute them is another format
START = np.uint64(0x9E3779B97F4A7C15)
MISSING = np.uint64(0xD1B54A32D192ED03)
MIXING = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))

Digests = NDArray[np.uint32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SeenRows:
    """The rows that a version has seen, by the digests of their cells in some columns.

    Shapes: digests (n,), distinct and ascending.
    """

    columns: tuple[str, ...]
    digests: Digests

    @classmethod
    def of(cls, tables: Iterable[Table], columns: Sequence[str]) -> "SeenRows":
        """Return the rows of a table, which may come in chunks."""
        found = [np.unique(row_digests(table, columns)) for table in tables]
        return cls(tuple(columns), np.unique(np.concatenate(found)))

    def find(self, table: Table) -> Mask:
        """Tell of each row whether it is a seen one. A row without a value in the columns counts as seen.

        Raises: ColumnError when the table lacks a column.
        """
        empty = np.logical_and.reduce([table.columns[name].missing for name in self.columns if name in table.columns])
        return np.asarray(np.isin(row_digests(table, self.columns), self.digests) | empty)

    def to_bytes(self) -> bytes:
        """Return the bytes that a version keeps."""
        return pack({"seen_rows": FORMAT, "columns": list(self.columns)}, {"digests": self.digests})

    @classmethod
    def from_bytes(cls, data: bytes) -> "SeenRows":
        """Return the seen rows that `to_bytes` wrote.

        Raises: FileError when the bytes are damaged or of another release.
        """
        header, arrays = unpack(data)
        if header.get("seen_rows") != FORMAT:
            raise FileError("the digests of the rows that it has seen are of another release")
        return cls(tuple(header["columns"]), arrays["digests"])


def row_digests(table: Table, columns: Sequence[str]) -> Digests:
    """Return a digest of each row's cells in the columns.

    Raises: ColumnError when the table lacks a column.
    """
    if lacking := [name for name in columns if name not in table.columns]:
        raise ColumnError(f"the table lacks {listed(lacking)}, by which the rows that a version has seen are found")
    mixed = np.full(table.rows, START)
    for name in columns:
        mixed = _mix(mixed ^ _cell_digests(table.columns[name]))
    return (mixed >> np.uint64(32)).astype(np.uint32)


def in_several_parts(digests: Digests, parts: NDArray[np.int64]) -> Mask:
    """Tell of each row whether a row of another part has the same digest.

    Example:
        >>> in_several_parts(np.array([7, 7, 8, 8], np.uint32), np.array([0, 1, 1, 1])).tolist()
        [True, True, False, False]
    """
    distinct, group = np.unique(digests, return_inverse=True)
    first = np.empty(len(distinct), np.int64)
    first[group] = parts
    differs = np.zeros(len(distinct), np.bool_)
    differs[group[parts != first[group]]] = True
    return np.asarray(differs[group])


def _cell_digests(cells: Cells) -> NDArray[np.uint64]:
    if not isinstance(cells, Words | Flags) and cells.origin is not None:
        cells = cells.origin
    if not isinstance(cells, Words):
        return _number_digests(cells.values)
    words = [word.strip() for word in cells.words]
    values = np.array([_value(word) for word in words], np.float64)
    digests = np.array([_text_digest(word) for word in words], np.uint64)
    by_word = np.where(np.isnan(values), digests, _number_digests(values))
    return np.append(by_word, MISSING)[cells.codes]  # code −1, a missing value, selects the last


def _number_digests(values: Floats) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32).astype(np.float64)
    canonical = np.where(values == np.floor(values), values, rounded) + 0.0  # −0 becomes 0
    return np.where(np.isnan(values), MISSING, canonical.view(np.uint64))


def _value(word: str) -> float:
    """Return the value that a word has in a column of numbers, flags or dates; NaN if it is a text."""
    day = days_since_epoch(word)
    if day is not None:
        return day
    number = parse_number(word)
    return parse_flag(word) if np.isnan(number) else number


def _text_digest(word: str) -> int:
    if is_missing(word):
        return int(MISSING)
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return values whose every bit depends on all bits.

    Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014 (the finalizer of SplitMix64)
    """
    for shift, factor in MIXING:
        values = (values ^ (values >> np.uint64(shift))) * np.uint64(factor)
    return values ^ (values >> np.uint64(31))
