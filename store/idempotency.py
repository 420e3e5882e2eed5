"""Stores the answer of a POST under its idempotency key for a day, so that a repeated request gets the same answer.

Jobs do not need it: their rows hold the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, delete, select, update

from store.clock import now
from store.errors import IdempotencyError, InFlightError
from store.ids import new_id
from store.tables import idempotent_answers as answers
from store.tables import jobs
from store.upsert import upsert_into

KEPT_SECONDS = 24 * 3600
RENEW_SECONDS = 2
ABANDONED_SECONDS = 30
"""After this time without `renew`, the server that answered the request is dead."""


@dataclass(frozen=True)
class IdempotentRequest:
    """A request with an idempotency key: the key's owner and the request's digest; `id` is unique to this request."""

    owner: str
    key: str
    sha256: str
    id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class StoredAnswer:
    """A stored answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def reserve(connection: Connection, request: IdempotentRequest) -> StoredAnswer | None:
    """Reserve the key for this request, or return the stored answer.

    Raises: IdempotencyError where the key was used for another request; InFlightError while the first has no answer.
    """
    connection.execute(delete(answers).where(answers.c.created_at < now(-KEPT_SECONDS)))
    if _reserve(connection, request):
        return None
    first = connection.execute(select(answers).where(*_of(request))).first()
    if first is None:
        raise InFlightError(f"the first request under Idempotency-Key '{request.key}' was just refused; ask again")
    if first.request == request.id:
        return None  # reserved by an earlier run of this transaction, whose COMMIT had no answer
    if first.request_sha256 != request.sha256:
        raise IdempotencyError(
            f"Idempotency-Key '{request.key}' was used for another request; take a new key for a new request"
        )
    if first.status is None:
        raise InFlightError(f"the first request under Idempotency-Key '{request.key}' is being answered; ask again")
    return StoredAnswer(first.status, first.headers, first.body)


def is_known(connection: Connection, owner: str, key: str) -> bool:
    """Return whether a request with this key was answered, is being answered, or became a job."""
    answered = select(answers.c.owner).where(answers.c.owner == owner, answers.c.idempotency_key == key)
    became = select(jobs.c.owner).where(jobs.c.owner == owner, jobs.c.idempotency_key == key)
    return any(connection.execute(query).first() is not None for query in (answered, became))


def renew(connection: Connection, request: IdempotentRequest) -> None:
    """Record that the request is still being answered."""
    mine = (*_of(request), answers.c.request == request.id, answers.c.status.is_(None))
    connection.execute(update(answers).where(*mine).values(created_at=now()))


def store_answer(connection: Connection, request: IdempotentRequest, answer: StoredAnswer) -> None:
    """Store the answer."""
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    connection.execute(update(answers).where(*_of(request), answers.c.request == request.id).values(values))


def release(connection: Connection, request: IdempotentRequest) -> None:
    """Release the key of a request that was refused and created nothing."""
    connection.execute(delete(answers).where(*_of(request), answers.c.request == request.id))


def _reserve(connection: Connection, request: IdempotentRequest) -> bool:
    inserted = (
        upsert_into(connection, answers)
        .values(owner=request.owner, idempotency_key=request.key, request_sha256=request.sha256, request=request.id)
        .on_conflict_do_nothing()
    )
    abandoned = (
        update(answers)
        .where(*_of(request), answers.c.status.is_(None), answers.c.created_at < now(-ABANDONED_SECONDS))
        .values(request=request.id, request_sha256=request.sha256, created_at=now())
    )
    return any(connection.execute(statement).rowcount == 1 for statement in (inserted, abandoned))


def _of(request: IdempotentRequest) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return answers.c.owner == request.owner, answers.c.idempotency_key == request.key
