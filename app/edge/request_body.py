"""A request's body as it arrives, whole or refused."""

from collections.abc import Iterator
from typing import IO

from gunicorn.http.errors import ChunkMissingTerminator, ParseException
from werkzeug.exceptions import ClientDisconnected

from app.edge.deadline import DEADLINE
from app.edge.request_context import this_request
from app.errors import MalformedError
from model.errors import Problem

BODY_BYTES = 16 * 1024 * 1024  # of every request but an upload; Flask counts, however the body is sent
CHUNK = 1024 * 1024


def body_chunks() -> Iterator[bytes]:
    """Yield the body piece by piece, never holding it whole.

    Raises: ClientDisconnected, which is told as 400, where it ends before its Content-Length or its last chunk;
    MalformedError where it is not chunks at all; RequestEntityTooLarge past the limit of this address.
    """
    request, size = this_request(), 0
    stream = request.stream
    while chunk := _read(stream, size):
        size += len(chunk)
        yield chunk
    if size < (request.content_length or 0):
        raise _cut(size)


def whole_body() -> bytes:
    """Return the body in one piece; how long the client takes to send it does not count for the answer's deadline.

    Raises: as `body_chunks` does.
    """
    request = this_request()
    promised, environ = request.content_length, request.environ
    with environ[DEADLINE].suspended():
        if promised is None or promised > BODY_BYTES or "chunked" in environ.get("HTTP_TRANSFER_ENCODING", ""):
            return b"".join(body_chunks())
        try:
            body: bytes = environ["wsgi.input"].read(promised)
        except (OSError, ParseException) as error:
            raise _cut(0) from error
    if len(body) < promised:
        raise _cut(len(body))
    return body


def _read(stream: IO[bytes], size: int) -> bytes:
    try:
        return stream.read(CHUNK)
    except ParseException as error:
        if isinstance(error, ChunkMissingTerminator) and not error.term:
            raise _cut(size) from error
        detail = f"the chunks that the body is sent in cannot be read: {error}"
        raise MalformedError(detail, [Problem("", "malformed", detail)]) from error
    except (OSError, ClientDisconnected) as error:  # raised by gunicorn, or by Werkzeug's count of the bytes
        raise _cut(size) from error


def _cut(size: int) -> ClientDisconnected:
    promised = this_request().content_length
    where = " before its end" if promised is None else f" after {size:,} of {promised:,} bytes"
    return ClientDisconnected(f"the body broke off{where}; send it again, whole")
