"""What has arrived on a connection, and whether a thread could answer it without waiting for the client."""

import re
from enum import Enum, auto

HEAD_BYTES = 128 * 1024
WHOLE_BYTES = 16 * 1024 * 1024  # bodies up to here are awaited whole; all but uploads

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length([ \t]*:[^\r]*)", re.IGNORECASE)
_PLAIN = re.compile(rb":[ \t]*(\d{1,12})[ \t]*")
_STREAMED = re.compile(rb"\r\n(?:transfer-encoding|expect)[ \t]*:", re.IGNORECASE)


class Stage(Enum):
    """How far a request has come."""

    PART = auto()
    WHOLE = auto()
    STREAM = auto()
    """The head is there, and the body is to be read as it comes."""
    LONG = auto()
    """The head has no end."""


class Incoming:
    r"""The bytes of a connection that nobody has read yet: a request or a part of one, and whatever follows it.

    Example:
        >>> incoming = Incoming()
        >>> incoming.feed(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na")
        <Stage.PART: 1>
        >>> incoming.feed(b"bGET")
        <Stage.WHOLE: 2>
        >>> incoming.take()[-2:], len(incoming)
        (b'ab', 3)
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._size: int | None = None  # of the whole request, once its head is there
        self._looked_at = 0

    def __len__(self) -> int:
        """Return how many bytes are held."""
        return len(self._bytes)

    def feed(self, data: bytes = b"") -> Stage:
        """Add what came, and tell how far the request is."""
        self._bytes += data
        if self._size is None:
            end = self._bytes.find(_HEAD_END, self._looked_at)
            if end < 0:
                self._looked_at = max(0, len(self._bytes) - len(_HEAD_END) + 1)
                return Stage.LONG if len(self._bytes) > HEAD_BYTES else Stage.PART
            head = bytes(self._bytes[: end + 2])
            lengths = [_PLAIN.fullmatch(told) for told in _LENGTH.findall(head)]
            size = end + len(_HEAD_END) + sum(int(length[1]) for length in lengths if length)
            # What is unusual is the parser's business, to read or to refuse.
            usual = len(lengths) <= 1 and all(lengths) and size <= WHOLE_BYTES + HEAD_BYTES
            self._size = size if usual and not _STREAMED.search(head) else 0
        if self._size == 0:
            return Stage.STREAM
        return Stage.WHOLE if len(self._bytes) >= self._size else Stage.PART

    def take(self) -> bytes:
        """Return the request, or all there is of one that is not whole; what follows a whole one stays."""
        size = self._size or len(self._bytes)
        taken = bytes(self._bytes[:size])
        del self._bytes[:size]
        self._size, self._looked_at = None, 0
        return taken

    @property
    def headed(self) -> bool:
        """Tell whether the head is there, so that a broken-off body can be answered."""
        return self._size is not None

    @property
    def path(self) -> str:
        """The path asked for, as far as it can be told."""
        parts = bytes(self._bytes[:2048]).split(b"\r\n", 1)[0].split(b" ")
        return parts[1].partition(b"?")[0].decode("latin-1") if len(parts) > 1 else ""
