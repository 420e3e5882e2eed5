"""Reads the parts of a request as typed values: query, body and media types."""

from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from typing import IO, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from gunicorn.http.errors import ChunkMissingTerminator, ParseException
from werkzeug.exceptions import ClientDisconnected, NotAcceptable

from app.edge.deadline import DEADLINE
from app.edge.exchange import this_request
from app.edge.problems import MOST_PROBLEMS
from app.errors import InputError, MalformedError, MediaTypeError
from app.limits.concurrency_limit import ConcurrencyLimit
from app.parsing.json_pointer import Path, pointer
from app.parsing.strict_json import parse_json
from app.parsing.validation_errors import validation_errors
from app.routing.route import JSON
from model.errors import Problem
from model.names import clipped

BODY_BYTES = 16 * 1024 * 1024  # of every request but an upload; Flask counts, however the body is sent
CHUNK = 1024 * 1024
LARGE_BYTES = 256 * 1024
"""A larger body counts for the concurrency limit of batches, so that others find a thread and memory stays bounded."""

T = TypeVar("T")
Query = TypeVar("Query", bound=msgspec.Struct)


def read_query(schema: type[Query]) -> Query:
    """Read the query string.

    Raises: InputError, which names the parameter.
    """
    request = this_request()
    if not request.query_string:
        return _typed({}, schema, ("query",), strict=False)
    if unreadable := list(_not_utf8(request.query_string)):
        raise InputError.of(unreadable)
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise InputError.of(Problem(pointer("query", name), "duplicate", "is given twice") for name in twice)
    query = _typed(request.args.to_dict(), schema, ("query",), strict=False)
    # The decoder reads the text "null" as a missing number.
    unread = [
        field.encode_name
        for field in msgspec.structs.fields(schema)
        if field.encode_name in request.args and getattr(query, field.name) is None
    ]
    if unread:
        text = "has no value null; leave it out instead"
        raise InputError.of(Problem(pointer("query", name), "type", text) for name in unread)
    return query


def _not_utf8(query: bytes) -> Iterator[Problem]:
    """Yield a problem for each parameter that is not UTF-8; Werkzeug would replace its bytes."""
    for part in query.split(b"&"):
        try:
            unquote_to_bytes(part).decode()
        except UnicodeDecodeError:
            name = unquote_to_bytes(part.partition(b"=")[0]).decode(errors="replace")
            yield Problem(pointer("query", name), "encoding", "is not valid UTF-8")


def read_body(schema: type[T], batches: ConcurrencyLimit) -> T:
    """Read a JSON body; a large one counts for the concurrency limit of batches while it is parsed.

    Raises: MediaTypeError, MalformedError, InputError; 413 beyond BODY_BYTES, 400 if it is incomplete, 503 if there are
    too many large ones.
    """
    body_type((JSON,))
    body = whole_body()
    with batches.held() if len(body) > LARGE_BYTES else nullcontext():
        return typed(parse_json(body), schema)


def body_type(known: tuple[str, ...]) -> str:
    """Return the body's media type, which must be one of these, in UTF-8 and not compressed.

    Raises: MediaTypeError, which lists the accepted types.
    """
    request = this_request()
    plain = request.environ.get("CONTENT_TYPE", "")
    if plain in known and "HTTP_CONTENT_ENCODING" not in request.environ:
        return str(plain)
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise MediaTypeError("compressed request bodies are not taken; send it without Content-Encoding")
    parameters = dict(request.mimetype_params)
    charset = parameters.pop("charset", "utf-8").lower()
    if request.mimetype not in known or charset not in ("utf-8", "utf8") or parameters:
        given = request.headers.get("Content-Type", "")
        said = f"Content-Type is {clipped(given)!r}" if given else "the request has no Content-Type"
        raise MediaTypeError(f"{said}; this address takes {', '.join(known)}")
    return request.mimetype


def typed(value: object, schema: type[T]) -> T:
    """Return a parsed JSON body as this type.

    Raises: InputError, with a pointer to every invalid value.
    """
    return _typed(value, schema, (), strict=True)


def answer_type(own: str, known: tuple[str, ...]) -> str:
    """Return the media type of the answer: the one that Accept prefers, by default that of the request.

    Raises: NotAcceptable (406).
    """
    request = this_request()
    wanted = request.headers.get("Accept", "").strip()
    if not wanted or wanted == "*/*":
        return own
    chosen = request.accept_mimetypes.best_match([own, *known])
    if chosen is None:
        raise NotAcceptable(f"Accept is {clipped(wanted)!r}; this address answers in {', '.join(known)}")
    return chosen


def _typed(value: object, schema: type[T], path: Path, *, strict: bool) -> T:
    try:
        return msgspec.convert(value, schema, strict=strict)
    except msgspec.ValidationError as error:
        raise InputError.of(islice(validation_errors(value, schema, path, strict=strict), MOST_PROBLEMS)) from error


def body_chunks() -> Iterator[bytes]:
    """Yield the body in pieces, so that it is never whole in memory.

    Raises: ClientDisconnected (400) if it ends before its Content-Length or its last chunk; MalformedError for an
    invalid chunked encoding; RequestEntityTooLarge beyond the limit of the route.
    """
    request, size = this_request(), 0
    stream = request.stream
    while chunk := _read(stream, size):
        size += len(chunk)
        yield chunk
    if size < (request.content_length or 0):
        raise _cut(size)


def whole_body() -> bytes:
    """Return the whole body; the time in which the client sends it does not count for the answer deadline.

    Raises: the errors of `body_chunks`.
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
        detail = f"the chunked encoding of the body is invalid: {error}"
        raise MalformedError(detail, [Problem("", "malformed", detail)]) from error
    except (OSError, ClientDisconnected) as error:  # raised by gunicorn, or by Werkzeug's count of the bytes
        raise _cut(size) from error


def _cut(size: int) -> ClientDisconnected:
    promised = this_request().content_length
    where = " before its end" if promised is None else f" after {size:,} of {promised:,} bytes"
    return ClientDisconnected(f"the body broke off{where}; send it again, whole")
