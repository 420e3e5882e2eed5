"""Encodings of text files: finds the encoding, and reads the text as UTF-8.

Source: WHATWG Encoding Standard, for cp1252 as the encoding of texts that are not UTF-8
"""

import codecs
import io
import re
from typing import BinaryIO, NamedTuple

from model.errors import TableError
from model.tables.file_reading import SINGLE_BYTE, Encoding
from model.tables.restartable import Restartable

CHUNK = 1024**2
UNDEFINED = re.compile(rb"[\x00\x81\x8d\x8f\x90\x9d]")  # no character in cp1252, or no text
WORD = re.compile(rb"[^\s,;|\"]{0,20}[\x80-\xff][^\s,;|\"]{0,20}")
FEW = 64


class FoundEncoding(NamedTuple):
    """An encoding, other possible ones, and a word that shows which is right."""

    encoding: Encoding
    others: tuple[str, ...] = ()
    example: str = ""


def find_encoding(stream: BinaryIO) -> FoundEncoding:
    """Return UTF-8 if the whole file is UTF-8, UTF-16 if it looks so, else cp1252; move to the beginning.

    Raises: TableError for a file that is UTF-8 but for some bytes, or is none of the three.
    """
    start = stream.read(FEW)
    stream.seek(0)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return FoundEncoding("utf-16")
    if len(start) > 3 and not any(start[1::2]):
        return FoundEncoding("utf-16-le")
    if len(start) > 3 and not any(start[::2]):
        return FoundEncoding("utf-16-be")
    bad = _first_invalid(stream)
    stream.seek(0)
    if bad is None:
        return FoundEncoding("utf-8")
    word = _as_cp1252(stream, bad)
    stream.seek(0)
    return FoundEncoding("cp1252", SINGLE_BYTE[1:], word)


def _first_invalid(stream: BinaryIO) -> int | None:
    """Return the number of the first line that is not UTF-8, from 1; None if there is none.

    Raises: TableError if there is UTF-8 beyond ASCII before it: then the file is UTF-8, and damaged.
    """
    decoder, line, ascii_only = codecs.getincrementaldecoder("utf-8")(), 1, True
    while True:
        chunk = stream.read(CHUNK)
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            line += before.count(b"\n")
            if not (ascii_only and before.removeprefix(codecs.BOM_UTF8).isascii()):
                raise TableError(
                    f"line {line:,} is not UTF-8, but the lines before it are: save the file as UTF-8, or name its "
                    "encoding, such as cp1252"
                ) from error
            return line
        if not chunk:
            return None
        ascii_only = ascii_only and chunk.removeprefix(codecs.BOM_UTF8).isascii()
        line += chunk.count(b"\n")


def _as_cp1252(stream: BinaryIO, line: int) -> str:
    """Return a word with a character beyond ASCII.

    Raises: TableError when the file is not cp1252.
    """
    word = None
    while chunk := stream.read(CHUNK):
        if UNDEFINED.search(chunk):
            raise TableError(
                f"line {line:,} is not UTF-8, and the file is not cp1252 (a spreadsheet or Parquet?): save it as "
                "UTF-8, or name its encoding"
            )
        word = word or WORD.search(chunk)
    return "" if word is None else word[0].decode("cp1252")


class Recoded(Restartable):
    """A text file as UTF-8."""

    def __init__(self, inner: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._inner, self._encoding = inner, encoding
        self._begin()

    def _begin(self) -> None:
        self._decoder = codecs.getincrementaldecoder(self._encoding)()
        self._held, self._ended = b"", False

    def _restart(self) -> None:
        self._inner.seek(0)
        self._begin()

    def _read_next(self, most: int) -> bytes:
        while not self._held and not self._ended:
            chunk = self._inner.read(CHUNK)
            self._ended = not chunk
            try:
                self._held = self._decoder.decode(chunk, final=self._ended).encode()
            except UnicodeError as error:
                raise TableError(f"the file is not {self._encoding}: save it as UTF-8, or name its encoding") from error
        data, self._held = self._held[:most], self._held[most:]
        return data


def recoded(stream: BinaryIO, encoding: str) -> BinaryIO:
    """Return a text file as UTF-8."""
    if encoding == "utf-8":
        return stream
    return io.BufferedReader(Recoded(stream, encoding), CHUNK)
