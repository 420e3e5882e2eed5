"""Every end of a job and every move of an alias is announced once to each webhook that subscribed to it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from store.clock import now
from store.jobs.deadlines import end_overdue
from store.jobs.finish import end_cancelled, fail
from store.registry.aliases import AliasUpdate, move_alias
from store.tables import jobs, webhook_deliveries
from store.webhooks.addresses import address_problem, resolve_webhook
from store.webhooks.announce import WEBHOOK_EVENTS
from store.webhooks.deliveries import (
    AttemptOutcome,
    claim_deliveries,
    forget_deliveries,
    list_deliveries,
    record_outcome,
)
from store.webhooks.subscriptions import Subscription, add_webhook, delete_webhook
from tests.store.world import World


def subscribe(world: World, *events: str, model: str | None = None) -> str:
    new = Subscription("https://hooks.example.com/", events or WEBHOOK_EVENTS, model, "k")
    world.database.write(lambda connection: add_webhook(connection, new))
    return new.webhook_id


def announced(world: World) -> list[dict[str, Any]]:
    with world.database.read() as connection:
        bodies = connection.execute(select(webhook_deliveries.c.body).order_by(webhook_deliveries.c.id)).scalars()
        return [json.loads(body) for body in bodies]


def succeeded(world: World) -> str:
    mine = world.start(world.queue())
    world.succeed(mine)
    return mine.job_id


def failed(world: World) -> str:
    mine = world.start(world.queue())
    world.database.write(lambda connection: fail(connection, mine, code="table", text="no"))
    return mine.job_id


def cancelled_while_queued(world: World) -> str:
    job_id = world.queue()
    world.cancel(job_id)
    return job_id


def cancelled_while_running(world: World) -> str:
    mine = world.start(world.queue())
    world.cancel(mine.job_id)
    world.database.write(lambda connection: end_cancelled(connection, mine))
    return mine.job_id


def lost_too_often(world: World) -> str:
    mine = world.start(world.queue())
    world.lapse(mine.job_id)
    world.expire(mine.job_id, strike_limit=1)
    return mine.job_id


def overdue(world: World) -> str:
    job_id = world.queue(deadline_seconds=1.0)
    world.database.write(lambda c: c.execute(update(jobs).values(deadline_at=now(-5.0))))
    world.database.write(end_overdue)
    return job_id


ENDS = {
    succeeded: "succeeded",
    failed: "failed",
    cancelled_while_queued: "cancelled",
    cancelled_while_running: "cancelled",
    lost_too_often: "failed",
    overdue: "failed",
}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_every_end_of_a_job_is_announced_once(world: World, end: Callable[[World], str]) -> None:
    subscribe(world)
    job_id = end(world)
    (told,) = announced(world)
    assert told["type"] == f"job.{ENDS[end]}"
    assert (told["data"]["job"], told["data"]["state"]) == (job_id, ENDS[end])
    assert told["timestamp"].endswith("Z")


def test_a_move_is_announced_with_both_versions(world: World) -> None:
    succeeded(world)
    succeeded(world)
    subscribe(world)
    for revision in range(2):
        move = AliasUpdate(revision + 1, revision, "k")
        world.database.write(lambda c, move=move: move_alias(c, "churn", "champion", move))
    told = [body["data"] for body in announced(world)]
    assert [(each["from_version"], each["version"], each["moved_by"]) for each in told] == [(None, 1, "k"), (1, 2, "k")]


def test_only_subscribed_events_of_the_model_are_announced(world: World) -> None:
    subscribe(world, "job.failed")
    subscribe(world, model="other")
    succeeded(world)
    assert announced(world) == []


def test_a_delivery_is_claimed_by_one_worker_until_the_claim_lapses(world: World) -> None:
    subscribe(world)
    succeeded(world)

    def claim(lapse: float) -> list[Any]:
        return world.database.write(lambda connection: claim_deliveries(connection, lapse_seconds=lapse))

    (first,) = claim(30.0)
    assert claim(30.0) == []
    world.database.write(lambda c: c.execute(update(webhook_deliveries).values(next_at=now(-1.0))))
    (second,) = claim(30.0)
    assert (first.id, first.attempt, second.id, second.attempt) == (second.id, 1, first.id, 2)

    def record(sent: Any, status: int) -> None:
        world.database.write(lambda c: record_outcome(c, sent, AttemptOutcome(0.1, status), first_wait=1.0))

    def state() -> tuple[str, int]:
        with world.database.read() as connection:
            row = connection.execute(select(webhook_deliveries)).one()
            return row.state, row.attempts

    record(first, 500)  # overtaken by the second, it changes nothing
    assert claim(30.0) == []
    record(first, 200)
    record(second, 500)
    assert state() == ("delivered", 2)


def test_old_deliveries_are_forgotten_and_a_deleted_webhook_leaves_nothing(world: World) -> None:
    webhook = subscribe(world)
    succeeded(world)
    (sent,) = world.database.write(lambda c: claim_deliveries(c, lapse_seconds=30.0))
    world.database.write(lambda c: record_outcome(c, sent, AttemptOutcome(0.1, 200), first_wait=1.0))
    world.database.write(forget_deliveries)
    assert len(announced(world)) == 1
    world.database.write(lambda c: c.execute(update(webhook_deliveries).values(ended_at=now(-31 * 24 * 3600.0))))
    world.database.write(forget_deliveries)
    assert announced(world) == []
    succeeded(world)
    for _ in range(2):
        world.database.write(lambda c: delete_webhook(c, webhook, by="k"))
    with world.database.read() as connection:
        assert list_deliveries(connection, webhook, page_size=10).rows == []


REFUSED = [
    "ftp://hooks.example.com/",
    "hooks.example.com",
    "https://",
    "https://[::1/",
    "https://user:pw@hooks.example.com/",
    "https://hooks.example.com/#part",
    "http://hooks.example.com/",
    "https://localhost/",
    "https://a.localhost/",
    "https://127.0.0.1/",
    "https://10.1.2.3/",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://[fec0::1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b:1::1]/",
    "https://exa\nmple.com/",
    "https://example.com/\x7f",
    "https://exämple.com/",
    "https://224.0.0.1/",
    "https://0.0.0.0/",
    "https://host:99999/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_not_of_the_public_internet_by_https_is_refused(url: str) -> None:
    assert address_problem(url, ()) is not None
    with pytest.raises(ValueError, match="the address"):
        resolve_webhook(url, ())


def test_a_name_that_resolves_to_a_private_address_is_refused_when_it_is_called() -> None:
    assert address_problem("https://8.8.8.8/", ()) is None
    assert address_problem("http://localhost:1/", ("localhost",)) is None
    parts, address = resolve_webhook("http://localhost:1/", ("localhost",))
    assert (parts.port, address in ("127.0.0.1", "::1")) == (1, True)
