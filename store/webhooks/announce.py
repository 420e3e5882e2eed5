"""Announces events: writes a delivery for each webhook that subscribed to the event."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import Connection, insert, or_, select

from store.ids import new_id
from store.tables import alias_moves, jobs, webhook_deliveries, webhooks

WebhookEvent = Literal["job.succeeded", "job.failed", "job.cancelled", "alias.moved"]
WEBHOOK_EVENTS = get_args(WebhookEvent)

MOST_ATTEMPTS = 10
TOLD_OF_RESULTS = ("version", "promoted", "rows", "errors")
"""The parts of a job's result that are sent; the rest may be large, and is in the job."""


def announce_job(connection: Connection, job_id: str) -> None:
    """Tell that the job has ended, in the transaction that ends it."""
    told = (jobs.c.id, jobs.c.kind, jobs.c.model, jobs.c.state, jobs.c.error_code, jobs.c.result, jobs.c.finished_at)
    job = connection.execute(select(*told).where(jobs.c.id == job_id)).one()
    result = {name: job.result[name] for name in TOLD_OF_RESULTS if name in job.result} if job.result else None
    data = {
        "job": job.id,
        "kind": job.kind,
        "model": job.model,
        "state": job.state,
        "error_code": job.error_code,
        "result": result,
        "path": f"/v1/jobs/{job.id}",
    }
    _announce(connection, f"job.{job.state}", job.model, job.finished_at, data)


def announce_move(connection: Connection, model: str, alias: str, revision: int) -> None:
    """Tell that an alias was moved, in the transaction that moves it."""
    this = (alias_moves.c.model == model, alias_moves.c.alias == alias, alias_moves.c.revision == revision)
    move = connection.execute(select(alias_moves).where(*this)).one()
    data = {
        "model": model,
        "alias": alias,
        "revision": revision,
        "from_version": move.from_version,
        "version": move.to_version,
        "moved_by": move.moved_by,
        "undoes": move.undoes,
        "job": move.job_id,
        "path": f"/v1/models/{model}/aliases/{alias}",
    }
    _announce(connection, "alias.moved", model, move.moved_at, data)


def _announce(connection: Connection, event: str, model: str, at: datetime, data: Mapping[str, object]) -> None:
    query = select(webhooks.c.id, webhooks.c.events).where(or_(webhooks.c.model.is_(None), webhooks.c.model == model))
    subscribed = [row.id for row in connection.execute(query) if event in row.events]
    if not subscribed:
        return
    timestamp = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    body = json.dumps({"type": event, "timestamp": timestamp, "data": data}, separators=(",", ":"))
    new = [
        {"id": new_id(), "webhook_id": webhook_id, "event": event, "body": body, "attempts_left": MOST_ATTEMPTS}
        for webhook_id in subscribed
    ]
    connection.execute(insert(webhook_deliveries), new)
