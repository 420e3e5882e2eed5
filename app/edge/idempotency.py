"""Idempotency keys: a request that is sent twice with the same key creates one thing."""

import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

from flask import Response, request

from app.edge.exchange import owner
from app.errors import InputError
from app.routing.route import Header
from app.schemas.field_types import published
from model.errors import Problem
from store.database import Database
from store.errors import DatabaseError
from store.idempotency import RENEW_SECONDS, IdempotentRequest, StoredAnswer, release, renew, reserve, store_answer

log = logging.getLogger(__name__)

KEY = "Idempotency-Key"
LONGEST_KEY = 255
_FORM = r"[!-~](?:[ -~]*[!-~])?"  # spaces around a header's value do not belong to it
_FORM_TEXT = f"1 to {LONGEST_KEY} printable ASCII characters"
IdempotencyKey = Annotated[str, published(_FORM, _FORM_TEXT, max_length=LONGEST_KEY)]
REPLAYED = "Idempotency-Replayed"
_KEPT = ("Content-Type", "Location")

_AGAIN = "the same request with the same key gets the first answer again, for"
UPLOAD_KEY = Header(KEY, f"{_AGAIN} a day", IdempotencyKey)
JOB_KEY = Header(KEY, f"{_AGAIN} as long as the job is kept", IdempotencyKey)


def idempotency_key() -> str | None:
    """Return the idempotency key of the request.

    Raises: InputError.
    """
    key = request.headers.get(KEY)
    if key is not None and (len(key) > LONGEST_KEY or not re.fullmatch(_FORM, key)):
        raise InputError.of([Problem(f"/headers/{KEY}", "format", f"must be {_FORM_TEXT}")])
    return key


def answer_once(database: Database, body_sha256: str, make: Callable[[], Response]) -> Response:
    """Return the stored answer of this request's key, or make the answer and store it.

    Raises: InputError, IdempotencyError, InFlightError; the errors of `make`, after the key is released.
    """
    key = idempotency_key()
    if key is None:
        return make()
    asked = IdempotentRequest(owner(), key, _digest(body_sha256))
    first = database.write(lambda connection: reserve(connection, asked))
    if first is not None:
        replayed = Response(first.body, first.status, dict(first.headers))
        replayed.headers[REPLAYED] = "true"
        return replayed
    try:
        with _renewed(database, asked):
            answer = make()
    except Exception:
        database.write(lambda connection: release(connection, asked))
        raise
    headers = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
    stored = StoredAnswer(answer.status_code, headers, answer.get_data())
    database.write(lambda connection: store_answer(connection, asked, stored))
    return answer


@contextmanager
def _renewed(database: Database, asked: IdempotentRequest) -> Iterator[None]:
    """Renew the key while the block runs, so that it is free soon after a killed server."""
    done = threading.Event()

    def renew_key() -> None:
        while not done.wait(RENEW_SECONDS):
            try:
                database.write(lambda connection: renew(connection, asked))
            except DatabaseError as error:
                log.warning("an idempotency key could not be renewed: %s", error)

    renewal = threading.Thread(target=renew_key, name="idempotency", daemon=True)
    renewal.start()
    try:
        yield
    finally:
        done.set()
        renewal.join()


def _digest(body_sha256: str) -> str:
    """Return the digest of method, path, query, media type and body."""
    parts = [request.method, request.path, sorted(request.args.items(multi=True)), request.mimetype, body_sha256]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
