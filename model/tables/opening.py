"""Opens a file as a table: unpacks it, finds its format, encoding and delimiter, and returns a stream of UTF-8."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from model.columns.table_warnings import TableWarning
from model.errors import TableError
from model.limits import LINE_BYTES
from model.tables.bounds import size_of
from model.tables.delimiters import find_delimiter
from model.tables.encodings import find_encoding, recoded
from model.tables.file_reading import FORMATS, PACKED, FileReading
from model.tables.unpacking import Unpacked, unpacked
from model.tables.workbook import find_sheet

Source = Path | BinaryIO
How = str | FileReading
MAGIC = {b"PAR1": "parquet", b"PK\3\4": "xlsx", b"\xd0\xcf\x11\xe0": "an old workbook (.xls)"}
SAVED = {"parquet": "Parquet", "xlsx": "an XLSX workbook"}


@dataclass(frozen=True)
class OpenTable:
    """A stream of an unpacked file, in UTF-8 if it is text; the bytes of the file; how it is read, and warnings."""

    stream: BinaryIO
    stored_bytes: int
    reading: FileReading
    warnings: tuple[TableWarning, ...] = ()


def recognise(source: Source, how: How) -> tuple[FileReading, tuple[TableWarning, ...]]:
    """Return how a file is read, and warnings where it can be read otherwise. A known reading is returned as it is.

    Raises: TableError when the file cannot be read.
    """
    wanted = FileReading.of(how)
    if wanted.known:
        return wanted, ()
    with opened(source, wanted) as table:
        return table.reading, table.warnings


@contextmanager
def opened(source: Source, how: How) -> Iterator[OpenTable]:
    """Open a file from its beginning.

    Raises: TableError when the file cannot be read.
    """
    wanted = FileReading.of(how)
    if not isinstance(source, Path):
        yield _open(source, wanted)
        return
    try:
        stream = source.open("rb")
    except OSError as error:
        raise TableError(f"cannot read {source}: {error.strerror}") from error
    with stream:
        yield _open(stream, wanted)


def _open(stored: BinaryIO, wanted: FileReading) -> OpenTable:
    size = size_of(stored)
    file = unpacked(stored, size)
    reading = replace(wanted, file_format=_format(file, wanted.file_format), compression=file.compression)
    if reading.inapplicable:
        raise TableError(f"{reading.inapplicable[0]} does not apply to {reading.file_format}: leave it out")
    if reading.file_format == "csv":
        return _text(file.stream, size, reading)
    if reading.file_format != "xlsx":
        return OpenTable(file.stream, size, reading)
    if reading.sheet is not None:
        return OpenTable(file.stream, size, reading)
    sheet, others = find_sheet(file.stream)
    warnings = (_sheet_warning(sheet, others),) if others else ()
    return OpenTable(file.stream, size, replace(reading, sheet=sheet, others=others), warnings)


def _format(file: Unpacked, wanted: str) -> str:
    """Return the format of an unpacked file: the one that is wanted, unless the file says nothing about itself.

    Raises: TableError when the file is of another format, or a packed one that must be unpacked first.
    """
    file.stream.seek(0)
    start = file.stream.read(4)
    file.stream.seek(0)
    found = MAGIC.get(start)
    if wanted == PACKED:
        looks = "ndjson" if start.lstrip()[:1] == b"{" else "csv"
        named = FORMATS.get(PurePosixPath(file.name).suffix.lower(), looks)
        wanted = found if found in SAVED else looks if named == PACKED else named
    if file.compression is not None and (packed := SAVED.get(found or wanted)) is not None:
        raise TableError(f"the {file.compression} file holds {packed}, which is compressed: unpack it")
    if found not in (None, wanted):
        named = SAVED.get(str(found), str(found))
        raise TableError(
            f"the file is {named}, not {SAVED.get(wanted, wanted)}: name its format by the Content-Type or by the end "
            "of its name, or save it in another format"
        )
    return wanted


def _text(stream: BinaryIO, size: int, reading: FileReading) -> OpenTable:
    """Find the encoding and the delimiter, where they are not given."""
    warnings = []
    others: tuple[str, ...] = reading.others
    if reading.encoding is None:
        found = find_encoding(stream)
        reading, others = replace(reading, encoding=found.encoding), (*others, *found.others)
        if found.others:
            warnings.append(_encoding_warning(found.encoding, found.example))
    text = recoded(stream, str(reading.encoding))
    if reading.delimiter is None:
        start = text.read(LINE_BYTES)
        text.seek(0)
        decoded = start.decode("utf-8", "replace").removeprefix("\ufeff").lstrip("\r\n")
        name, more = find_delimiter(decoded, whole=len(start) < LINE_BYTES)
        reading, others = replace(reading, delimiter=name), (*others, *more)  # type: ignore[arg-type]  # a Delimiter
        if more:
            warnings.append(_delimiter_warning(name, more))
    return OpenTable(text, size, replace(reading, others=others), tuple(warnings))


def _encoding_warning(encoding: str, example: str) -> TableWarning:
    detail = (
        f"the file is not UTF-8: it is read as {encoding}, which gives {example!r}. If that is wrong, name the "
        "encoding, such as encoding=cp1250, or save the file as UTF-8"
    )
    return TableWarning("unclear_encoding", None, detail)


def _delimiter_warning(name: str, others: tuple[str, ...]) -> TableWarning:
    detail = (
        f"the columns are separated by {name}, or by {' or '.join(others)}: {name} was taken. If that is wrong, name "
        f"the delimiter, such as delimiter={others[0]}"
    )
    return TableWarning("unclear_delimiter", None, detail)


def _sheet_warning(sheet: str, others: tuple[str, ...]) -> TableWarning:
    named = ", ".join(map(repr, others[:5]))
    detail = f"the workbook has several sheets: {sheet!r} was read, not {named}. To read another, name it: sheet=NAME"
    return TableWarning("several_sheets", None, detail)
