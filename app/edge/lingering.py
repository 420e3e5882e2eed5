"""Reads on for a moment after a refusal, so that a client that is still sending its body gets the answer.

A connection that is closed with unread data is reset. A proxy that is still writing then reports a broken pipe instead
of the answer.

Source: RFC 9112, section 9.6.
"""

import contextlib
import socket
import time
from collections.abc import Mapping
from typing import Any

from gunicorn.http.errors import ParseException

LINGER_SECONDS = 1.0
LINGER_BYTES = 32 * 1024**2
PIECE = 64 * 1024


def linger(environ: Mapping[str, Any]) -> None:
    """Read the rest of the request's body, at most LINGER_BYTES of it and LINGER_SECONDS long.

    The client has the answer already: a proxy closes the connection now, and this ends.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return
    until, left, before = time.monotonic() + LINGER_SECONDS, LINGER_BYTES, connection.gettimeout()
    try:
        while left > 0 and (seconds := until - time.monotonic()) > 0:
            connection.settimeout(seconds)
            read = len(environ["wsgi.input"].read(PIECE))
            if not read:
                connection.settimeout(before)
                return
            left -= read
    except (OSError, ParseException):
        pass
    with contextlib.suppress(OSError):  # it is closed already
        # Now, because gunicorn would wait another two seconds for the client, in the thread that accepts connections.
        connection.shutdown(socket.SHUT_RDWR)
