"""A socket that gives up on a client who sends too slowly."""

import errno
import socket
import time

STALL_SECONDS = 10.0
HEAD_START_SECONDS = 20.0
LEAST_BYTES_A_SECOND = 16 * 1024
# With the number of a reset connection, because that is what gunicorn takes calmly.
_TOO_SLOW = (errno.ECONNRESET, "the client sends too slowly")


class PacedSocket:
    """Receives as a socket does, but neither waits long for the next bytes nor lets them drip."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._begun = time.monotonic()
        self._received = 0
        self._timeout: float | None = None

    def restart(self) -> None:
        """Begin to count anew, with the next request of the connection."""
        self._begun = time.monotonic()
        self._received = 0

    def recv(self, size: int) -> bytes:
        """Receive some bytes.

        Raises: TimeoutError for a client who stalls or drips.
        """
        allowed = HEAD_START_SECONDS + self._received / LEAST_BYTES_A_SECOND
        left = self._begun + allowed - time.monotonic()
        if left <= 0:
            raise TimeoutError(*_TOO_SLOW)
        self._sock.settimeout(min(left, STALL_SECONDS, STALL_SECONDS if self._timeout is None else self._timeout))
        try:
            data = self._sock.recv(size)
        except TimeoutError:
            self._begun -= allowed  # no second wait for the same client
            raise TimeoutError(*_TOO_SLOW) from None
        finally:
            self._sock.settimeout(None)
        self._received += len(data)
        return data

    def gettimeout(self) -> float | None:
        """Return the time-out that was set."""
        return self._timeout

    def settimeout(self, seconds: float | None) -> None:
        """Wait no longer than that for the next bytes, should any be asked for."""
        self._timeout = seconds
