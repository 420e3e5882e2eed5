"""A client's socket that makes no needless calls: each lets other threads in, and then waits for its turn again."""

import errno
import socket
import struct
import time
from contextlib import suppress
from typing import Any

_TOO_SLOW = (errno.ETIMEDOUT, "the client takes nothing of its answer")
_PIECE = 1 << 20  # after each the time is looked at
_HEAD, _HEAD_END = b"HTTP/1.", b"\r\n\r\n"


class ClientSocket(socket.socket):
    """Blocks, but gives up on a client who takes nothing; sends the head of an answer with what follows it.

    Gunicorn writes an answer's head and its body apart. Here the head waits for the body, and for `flush`, which says
    that none comes.

    Units: `patience` in seconds, for one piece of an answer.
    """

    def __init__(self, sock: socket.socket, patience: float) -> None:
        super().__init__(sock.family, sock.type, sock.proto, sock.detach())
        super().setblocking(True)
        # By the system: what Python does for a time-out of its own is another call for each that may wait.
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("@ll", int(patience), 0))
        self._head = b""
        self._patience = patience

    def setblocking(self, flag: bool) -> None:
        """Block always; who does not want to wait says so with the call."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send all of it, and before it the head that waits; a head that ends here waits itself."""
        if data.startswith(_HEAD) and data.endswith(_HEAD_END) and not self._head:
            self._head = data
            return
        left = memoryview(self._head + data if self._head else data)
        self._head, begun = b"", time.monotonic()
        while sent := self._send(left[:_PIECE], flags):
            left = left[sent:]
            if not len(left):
                return
            if time.monotonic() - begun > self._patience:
                raise TimeoutError(*_TOO_SLOW)

    def _send(self, data: memoryview, flags: int) -> int:
        try:
            return self.send(data, flags)
        except BlockingIOError:
            raise TimeoutError(*_TOO_SLOW) from None

    def sendfile(self, *arguments: Any, **options: Any) -> int:
        """Send from a file, as it stands on the disk."""
        self.flush()
        self.settimeout(self._patience)  # the standard library waits for the client itself
        try:
            return super().sendfile(*arguments, **options)
        finally:
            self.settimeout(None)

    def close(self) -> None:
        """Send no more. A thread that is done with the client may say so; its number stays taken until `release`."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_WR)

    def release(self) -> None:
        """Close the socket."""
        super().close()

    def flush(self) -> None:
        """Send a head that waits."""
        if self._head:
            self.sendall(b"")
