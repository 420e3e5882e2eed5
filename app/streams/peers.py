"""The other end of a connection: whether it is still there, and reads."""

import select
import socket
import time


class Peer:
    """Who reads a stream, seen through the connection's socket.

    Without a socket, as under a test's client, the reader is always there.
    """

    def __init__(self, connection: socket.socket | None) -> None:
        self._connection = connection

    def stays(self, seconds: float) -> bool:
        """Wait this long; return False at once when the reader goes."""
        if self._connection is None:
            time.sleep(seconds)
            return True
        try:
            if not self._ready(select.POLLIN, seconds):
                return True
            if not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                return False
        except BlockingIOError:
            pass  # read by something else meanwhile
        except (OSError, ValueError):
            return False
        time.sleep(seconds)  # it has sent its next request already, which has to wait
        return True

    def reads(self, seconds: float) -> bool:
        """Wait until more can be written; return False, and hang up, when it cannot be for this long."""
        if self._connection is None:
            return True
        try:
            if self._ready(select.POLLOUT, seconds):
                return True
            self._connection.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError):
            pass
        return False

    def _ready(self, event: int, seconds: float) -> bool:
        assert self._connection is not None  # noqa: S101 - both callers looked
        poll = select.poll()
        poll.register(self._connection, event)
        return bool(poll.poll(seconds * 1000))
