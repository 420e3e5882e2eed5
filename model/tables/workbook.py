"""Reads a sheet of an XLSX workbook as record batches. The first row names the columns.

A column of nothing but numbers, some with a fraction, is one of numbers: no decimal mark is looked for in it. The
others are texts: whole numbers may be codes, and are the same with any mark.

The whole sheet is in memory while it is read, so a process with a memory limit reads those that others have sent.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import dropwhile, islice
from typing import Any, BinaryIO, TypeGuard

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum, load_workbook

from model import limits
from model.columns.schema import listed
from model.errors import TableError
from model.names import clipped
from model.tables.bounds import Decoded, check_cell, check_names
from model.tables.texts import without_blank_rows
from model.tables.unpacking import DAMAGED

BATCH_ROWS = 16_384
SHEETS = "xl/worksheets/"
HEAD_BYTES = 64 * 1024  # of a sheet, which has its dimension at the beginning
DIMENSION = re.compile(rb"<(?:\w+:)?dimension\s+ref=[\"'][A-Z]+\d+:([A-Z]+)(\d+)[\"']")
DAY = timedelta(days=1)


def find_sheet(stream: BinaryIO) -> tuple[str, tuple[str, ...]]:
    """Return the first visible sheet, and the names of the other visible ones.

    Raises: TableError when the workbook cannot be read, or has no sheet.
    """
    with _workbook(stream) as book:
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    if not visible:
        raise TableError("the workbook has no visible sheet with cells: name the sheet, such as sheet=NAME")
    return visible[0], tuple(visible[1:])


def xlsx_batches(stream: BinaryIO, decoded: Decoded, sheet: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a sheet; blank rows above the names and among the rows are none.

    Raises: TableError when the workbook cannot be read or exceeds `model.limits`.
    """
    _check_extent(stream)
    stream.seek(0)
    with _workbook(stream) as book:
        if sheet not in book.sheet_names:
            raise TableError(f"the workbook has no sheet {clipped(sheet)!r}: it has {listed(book.sheet_names)}")
        try:
            cells = book.get_sheet_by_name(sheet)
            rows = iter(cells.iter_rows())
        except (CalamineError, OSError) as error:
            raise TableError(f"the sheet {sheet!r} cannot be read: {error}: save the workbook again") from error
        names = [_text(value) for value in next(dropwhile(lambda row: not any(map(_text, row)), rows), [])]
        while names and not names[-1]:
            names.pop()
        if not names:
            raise TableError(f"the sheet {sheet!r} is empty: its first row must name the columns")
        check_names(names)
        numeric = _numeric(dropwhile(lambda row: not any(map(_text, row)), cells.iter_rows()), len(names))
        while some := list(islice(rows, BATCH_ROWS)):
            yield without_blank_rows(_batch(names, some, decoded.rows, numeric))


def _numeric(rows: Iterator[list[Any]], columns: int) -> frozenset[int]:
    """Return the places of the columns that hold numbers, some with a fraction, and nothing else, below their names."""
    places, found = set(range(columns)), set[int]()
    for row in islice(rows, 1, None):
        for place in tuple(places):
            value = row[place] if place < len(row) else ""
            if _is_number(value):
                found.update(() if float(value).is_integer() else (place,))
            elif _text(value):
                places.discard(place)
    return frozenset(places & found)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _workbook(stream: BinaryIO) -> CalamineWorkbook:
    stream.seek(0)
    try:
        return load_workbook(stream)
    except (CalamineError, OSError) as error:
        raise TableError(f"this is not an XLSX workbook that can be read: {error}: save it again") from error


def _check_extent(stream: BinaryIO) -> None:
    """Refuse a sheet with a cell far from the others: the reader allocates all cells between.

    Raises: TableError.
    """
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            for name in archive.namelist():
                if not name.startswith(SHEETS) or not name.endswith(".xml"):
                    continue
                found = DIMENSION.search(archive.open(name).read(HEAD_BYTES))
                if found is None:
                    continue
                rows, columns = int(found[2]), _column(found[1].decode())
                if rows * columns > limits.SHEET_CELLS:
                    raise TableError(
                        f"a sheet of the workbook spans {rows:,} rows and {columns:,} columns, more than "
                        f"{limits.SHEET_CELLS:,} cells: delete what stands far from the table, or save it as CSV"
                    )
    except (zlib.error, *DAMAGED) as error:
        raise TableError(f"this is not an XLSX workbook that can be read: {error}: save it again") from error


def _column(letters: str) -> int:
    """Return the number of a column.

    Example:
        >>> _column("A"), _column("XFD")
        (1, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _batch(names: list[str], rows: list[list[Any]], before: int, numeric: frozenset[int]) -> pa.RecordBatch:
    columns = []
    for place, name in enumerate(names):
        if place in numeric:
            values = [row[place] if place < len(row) else None for row in rows]
            columns.append(pa.array([float(value) if _is_number(value) else None for value in values], pa.float64()))
            continue
        texts = [_text(row[place]) if place < len(row) else "" for row in rows]
        if (most := max(map(len, texts))) > limits.CELL_CHARACTERS:
            row = next(row for row, text in enumerate(texts) if len(text) == most)
            check_cell(most, name, f"row {before + 1 + row:,}")
        columns.append(pa.array(texts, pa.string()))
    return pa.RecordBatch.from_arrays(columns, names=names)


def _text(value: object) -> str:
    """Return a cell as it would stand in a CSV file. Whole numbers have no point, dates are ISO 8601.

    Example:
        >>> _text(1001.0), _text(0.5), _text(True), _text(datetime(2023, 3, 15)), _text("007")
        ('1001', '0.5', 'true', '2023-03-15', '007')
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date | time):
        return value.isoformat()
    return repr(value / DAY) if isinstance(value, timedelta) else str(value)
