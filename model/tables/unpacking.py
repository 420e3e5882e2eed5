"""Unpacks gzip, and zip of one file, while it is read. The unpacked bytes are counted and never held in memory."""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Literal, NamedTuple

from model import limits
from model.errors import TableError
from model.tables.file_reading import WORKBOOK
from model.tables.restartable import Restartable

BUFFER = 1024**2
STORED_OR_DEFLATED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Other methods pack a million bytes into one."""

DIRECTORY_BYTES = 1024**2
"""The most bytes of a zip file's list of its files, which is held in memory: it has 46 bytes a file or more."""
DAMAGED = (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, IndexError, EOFError, struct.error)
"""The errors of `zipfile` for damaged files, of which its documentation names the first three."""

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"


class Unpacked(NamedTuple):
    """The stream of a file, whether it was compressed, and its own name in a zip file."""

    stream: BinaryIO
    compression: Literal["gzip", "zip"] | None = None
    name: str = ""


def unpacked(stream: BinaryIO, size: int) -> Unpacked:
    """Return a stream of the unpacked bytes; a workbook, which is a zip file of many, stays as it is.

    Raises: TableError for a zip file of several files, of an encrypted one, or packed by another method than deflate.
    The stream raises it where the file is damaged, or unpacks to more bytes than `model.limits` allows.
    """
    start = stream.read(4)
    stream.seek(0)
    most = limits.DECODED_BYTES + limits.DECODED_TIMES * size
    if start[:2] == GZIP:
        inner: Any = gzip.GzipFile(fileobj=stream, mode="rb")
        return Unpacked(_buffered(inner, "gzip", most), "gzip")
    if start == ZIP and not _is_workbook(archive := _archive(stream)):
        with _zip_errors():
            member = _only(archive)
            return Unpacked(_buffered(archive.open(member), "zip", most), "zip", member.filename)
    return Unpacked(stream)


def packed_type(stream: BinaryIO) -> str | None:
    """Return the media type of a compressed file or a workbook by its first bytes; None for another file.

    Raises: TableError for a damaged zip file.
    """
    stream.seek(0)
    start = stream.read(4)
    if start[:2] == GZIP:
        return "application/gzip"
    if start != ZIP:
        return None
    return WORKBOOK if _is_workbook(_archive(stream)) else "application/zip"


def is_packed(body: bytes) -> bool:
    """Return whether these bytes say that they are a gzip or a zip file, or a workbook."""
    return body.startswith((GZIP, ZIP))


def _buffered(inner: Any, kind: str, most: int) -> BinaryIO:
    return io.BufferedReader(Unpacking(inner, kind, most), BUFFER)


def _archive(stream: BinaryIO) -> zipfile.ZipFile:
    with _zip_errors():
        return zipfile.ZipFile(_ShortReads(stream))


@contextmanager
def _zip_errors() -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise TableError(f"the zip file cannot be read: {error}: pack it again") from error


class _ShortReads:
    """A zip file whose list of files is short: `zipfile` reads it at once, and everything else in smaller parts."""

    def __init__(self, stream: BinaryIO) -> None:
        self.seek, self.tell, self.close = stream.seek, stream.tell, stream.close
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size > DIRECTORY_BYTES:
            raise TableError("the zip file lists too many files: pack the table alone")
        return self._stream.read(size)

    def seekable(self) -> bool:
        return True


def _is_workbook(archive: zipfile.ZipFile) -> bool:
    return "[Content_Types].xml" in archive.NameToInfo


def _only(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        raise TableError(f"the zip file holds {len(files):,} files: pack the table alone")
    if files[0].flag_bits & 1:
        raise TableError("the zip file is encrypted: pack the table without a password")
    if files[0].compress_type not in STORED_OR_DEFLATED:
        raise TableError("the zip file is packed by another method than deflate: pack it again by deflate, or by gzip")
    return files[0]


class Unpacking(Restartable):
    """The bytes of a compressed file."""

    def __init__(self, inner: Any, kind: str, most: int) -> None:
        super().__init__()
        self._inner, self._kind, self._most = inner, kind, most

    def _restart(self) -> None:
        self._inner.seek(0)

    def _read_next(self, most: int) -> bytes:
        try:
            data: bytes = self._inner.read(most)
        except (OSError, zlib.error, *DAMAGED) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # an error of the disk
            raise TableError(f"the {self._kind} file is damaged: {error}: pack it again") from error
        if self.tell() + len(data) > self._most:
            raise TableError(
                f"the {self._kind} file unpacks to more than the {self._most:,} bytes that its size allows: is it a "
                "table? Send it unpacked"
            )
        return data
