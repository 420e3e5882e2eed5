"""A stream that is made from another one while it is read."""

import io
from abc import abstractmethod
from typing import Any


class Restartable(io.RawIOBase):
    """A stream of bytes that can be read from its beginning again, and go nowhere else.

    A subclass makes the bytes in `_read_next` and begins again in `_restart`.
    """

    _at = 0

    @abstractmethod
    def _restart(self) -> None:
        """Go to the beginning."""

    @abstractmethod
    def _read_next(self, most: int) -> bytes:
        """Return the next bytes, at most so many; none at the end."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True: one can go to the beginning."""
        return True

    def tell(self) -> int:
        """Return the number of bytes so far."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to the beginning.

        Raises: UnsupportedOperation for another place.
        """
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("this stream is read from its beginning")
        self._restart()
        self._at = 0
        return 0

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes.

        Raises: TableError when the file is damaged.
        """
        data = self._read_next(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
