"""T2: each job with a due message is published by one sweeper."""

from functools import partial

from store.clock import now
from store.jobs.publish import count_unclaimed, take_one, take_unclaimed, take_unpublished, unmark_published
from tests.store.world import World, race


def _take(world: World, limit: int = 100) -> list[str]:
    return list(world.database.write(lambda connection: take_unpublished(connection, limit=limit)))


def _take_again(world: World, kind: str = "training", limit: int = 100) -> list[str]:
    again = partial(take_unclaimed, kind=kind, republish_seconds=60.0, limit=limit)
    return list(world.database.write(again))


def _unanswered(world: World) -> dict[str, int]:
    with world.database.read() as connection:
        return count_unclaimed(connection, republish_seconds=60.0)


def test_a_new_job_is_published_once(world: World) -> None:
    job_id = world.queue()
    assert (_take(world), _take(world)) == ([job_id], [])


def test_a_message_that_may_be_lost_is_sent_again(world: World) -> None:
    job_id = world.queue()
    world.alter(job_id, published_at=now(-61.0))
    assert (_take(world), _unanswered(world)) == ([], {"training": 1})
    assert (_take_again(world), _take_again(world), _unanswered(world)) == ([job_id], [], {})


def test_a_recent_message_is_not_sent_again(world: World) -> None:
    world.alter(world.queue(), published_at=now(-59.0))
    assert (_take(world), _take_again(world), _unanswered(world)) == ([], [], {})


def test_as_many_messages_are_wanted_again_as_jobs_of_that_kind_could_be_claimed(world: World) -> None:
    ids = [world.queue() for _ in range(3)]
    world.queue(kind="scoring")
    world.alter(ids[0], published_at=now(-61.0))
    world.alter(ids[1], run_after=now(60.0))
    assert _unanswered(world) == {"training": 2}
    assert (_take_again(world, "scoring"), _take_again(world, limit=1)) == ([], [ids[0]])


def test_jobs_that_run_have_ended_or_are_not_due_are_not_published(world: World) -> None:
    world.start()
    world.succeed(world.start())
    world.cancel(world.queue())
    world.alter(world.queue(), run_after=now(60.0))
    before = world.snapshot()
    assert (_take(world), _take_again(world)) == ([], [])
    assert world.snapshot() == before


def test_the_oldest_are_published_first(world: World) -> None:
    ids = [world.queue() for _ in range(5)]
    assert [_take(world, limit=2), _take(world, limit=2), _take(world, limit=2)] == [ids[:2], ids[2:4], ids[4:]]


def test_jobs_of_a_higher_priority_precede_older_ones(world: World) -> None:
    old, urgent, late = world.queue(), world.queue(priority=5), world.queue(priority=-5)
    assert [_take(world, limit=1) for _ in range(3)] == [[urgent], [old], [late]]


def test_each_message_has_the_kind_of_its_job(world: World) -> None:
    kinds = {world.queue(kind=kind): kind for kind in ("scoring", "training", "replay")}
    taken = world.database.write(take_unpublished)
    assert taken == kinds


def test_four_sweepers_at_once_take_each_job_once(world: World) -> None:
    ids = [world.queue() for _ in range(40)]
    taken = [job_id for batch in race(4, lambda _: _take(world)) for job_id in batch]
    assert sorted(taken) == sorted(ids)


def test_a_job_is_published_once_by_its_submitter_or_a_sweeper(world: World) -> None:
    job_id = world.queue()
    assert world.database.write(lambda connection: take_one(connection, job_id)) == "training"
    assert world.database.write(lambda connection: take_one(connection, job_id)) is None
    assert _take(world) == []


def test_a_job_whose_message_could_not_be_sent_is_taken_by_the_next_sweep(world: World) -> None:
    job_id = world.queue()
    _take(world)
    world.database.write(lambda connection: unmark_published(connection, job_id))
    assert _take(world) == [job_id]


def test_a_job_that_runs_is_neither_taken_nor_put_back(world: World) -> None:
    job_id = world.start().job_id
    before = world.snapshot()
    assert world.database.write(lambda connection: take_one(connection, job_id)) is None
    world.database.write(lambda connection: unmark_published(connection, job_id))
    assert world.snapshot() == before
