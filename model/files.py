"""Reads and writes whole files. A failed write leaves no file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from model.errors import FileError


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises: FileError when the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror}") from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file. It gets its name when it is complete.

    Raises: FileError when the file cannot be written.
    """
    with _part(path) as part:
        part.write_bytes(data)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a new file. It gets its name when it is complete.

    Raises: FileError when the file cannot be written.
    """
    with _part(path) as part, part.open("wb") as out:
        yield out


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
