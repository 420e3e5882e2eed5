"""The client of a connection: whether it is still connected, and reads."""

import select
import socket
import time


class Peer:
    """The client that reads a stream, observed through its socket.

    Without a socket, as with Flask's test client, it counts as connected.
    """

    def __init__(self, connection: socket.socket | None) -> None:
        self._connection = connection

    def stays_connected(self, seconds: float) -> bool:
        """Wait this long; return False at once if the client disconnects."""
        if self._connection is None:
            time.sleep(seconds)
            return True
        try:
            if not self._ready(select.POLLIN, seconds):
                return True
            if not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                return False
        except BlockingIOError:
            pass  # another thread has read it
        except (OSError, ValueError):
            return False
        time.sleep(seconds)  # the client has sent its next request, which has to wait
        return True

    def accepts_data(self, seconds: float) -> bool:
        """Wait until the socket accepts data; after this time, close the connection and return False."""
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
        assert self._connection is not None  # noqa: S101 - both callers have checked
        poll = select.poll()
        poll.register(self._connection, event)
        return bool(poll.poll(seconds * 1000))
