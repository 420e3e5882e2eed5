"""T1: a submission becomes one row."""

from functools import partial

import pytest

from store.clock import now
from store.database import Connection, Database
from store.errors import IdempotencyError, QueueFullError, StoreError
from store.jobs.queue_limit import LONGEST_SECONDS, SHORTEST_SECONDS, UNKNOWN_SECONDS
from store.jobs.submit import Submission, SubmitLimits, Submitted, submit
from tests.store.world import World, race


def _submit(database: Database, submission) -> Submitted:
    return database.write(lambda connection: submit(connection, submission))


def test_a_submission_is_a_queued_unpublished_job(world: World) -> None:
    row = world.row(world.queue(params={"epochs": 5}))
    assert (row.state, row.token, row.strikes, row.published_at, row.params) == ("queued", 0, 0, None, {"epochs": 5})
    assert world.events(row.id) == [("queued", 0)]


def test_submissions_without_a_key_are_different_jobs(world: World) -> None:
    assert world.queue() != world.queue()


def test_the_same_key_and_request_answer_with_the_first_job_and_write_nothing(world: World) -> None:
    first = world.queue(owner="a", idempotency_key="k")
    before = world.snapshot()
    again = _submit(world.database, world.submission(owner="a", idempotency_key="k"))
    assert again == Submitted(first, replayed=True)
    assert world.snapshot() == before


@pytest.mark.parametrize(
    "other",
    [{"params": {"epochs": 6}}, {"model": "other"}, {"kind": "scoring"}, {"priority": 1}, {"deadline_seconds": 9.0}],
    ids=["params", "model", "kind", "priority", "deadline"],
)
def test_the_same_key_with_another_request_is_refused(world: World, other: dict[str, object]) -> None:
    world.queue(owner="a", idempotency_key="k", params={"epochs": 5})
    misuse = world.submission(**{"owner": "a", "idempotency_key": "k", "params": {"epochs": 5}, **other})
    world.refuses(lambda connection: submit(connection, misuse), IdempotencyError)


def test_the_order_of_a_requests_keys_does_not_matter(world: World) -> None:
    first = world.queue(idempotency_key="k", params={"a": 1, "b": 2})
    assert world.queue(idempotency_key="k", params={"b": 2, "a": 1}) == first


def test_owners_do_not_share_keys(world: World) -> None:
    assert world.queue(owner="a", idempotency_key="k") != world.queue(owner="b", idempotency_key="k")


def test_a_key_answers_with_its_ended_job(world: World) -> None:
    job_id = world.queue(idempotency_key="k")
    world.succeed(world.start(job_id))
    assert world.queue(idempotency_key="k") == job_id


def test_a_key_raced_by_eight_requests_makes_one_job(world: World) -> None:
    wanted = [world.submission(idempotency_key="k") for _ in range(8)]
    results = race(8, lambda number: _submit(world.database, wanted[number]))
    submitted = [result for result in results if isinstance(result, Submitted)]
    assert len(submitted) == 8
    assert len({result.job_id for result in submitted}) == 1
    assert sorted(result.replayed for result in submitted) == [False] + [True] * 7
    assert len(world.snapshot()["jobs"]) == 1


def test_a_key_raced_by_two_different_requests_answers_one_and_refuses_the_other(world: World) -> None:
    wanted = [world.submission(idempotency_key="k", params={"seed": number}) for number in range(2)]
    results = race(2, lambda number: _submit(world.database, wanted[number]))
    assert sorted(isinstance(result, StoreError) for result in results) == [False, True]


@pytest.mark.parametrize("key", [None, "k"])
def test_a_submission_with_a_lost_commit_answer_adds_nothing_when_repeated(world: World, key: str | None) -> None:
    submission = world.submission(idempotency_key=key)
    first = _submit(world.database, submission)
    before = world.snapshot()
    assert _submit(world.database, submission) == first
    assert world.snapshot() == before


def test_a_request_of_the_first_release_has_the_digest_it_had(world: World) -> None:
    """A repetition after an upgrade is then recognised."""
    submission = Submission("training", "churn", "d1", {"epochs": 5})
    assert submission.request_sha256() == "ba5635dd74b0de552727002f2b823efbe0b2546f0fbc44cdd557fb595855e4c2"


def test_a_submission_that_names_no_deadline_gets_the_default_one_and_may_be_repeated(world: World) -> None:
    def ask(seconds: float | None) -> str:
        submission = world.submission(idempotency_key="k")
        limits = SubmitLimits(deadline_seconds=seconds)
        return world.database.write(partial(submit, submission=submission, limits=limits)).job_id

    job_id = ask(60.0)
    row = world.row(job_id)
    assert (row.deadline_at - row.created_at).total_seconds() == pytest.approx(60.0, abs=0.5)
    assert ask(None) == job_id


def test_a_full_queue_refuses_jobs_of_its_kind_with_retry_after(world: World) -> None:
    running = world.start()
    world.queue(idempotency_key="k")
    world.queue()
    world.alter(running.job_id, started_at=now(-20.0))
    new = world.submission()

    def ask(connection: Connection) -> None:
        submit(connection, new, SubmitLimits(queue_limit=2))

    world.refuses(ask, QueueFullError)
    with pytest.raises(QueueFullError, match="2 training jobs wait already") as refused:
        world.database.write(ask)
    assert refused.value.retry_after_s == pytest.approx(20.0, abs=1.0)


def come_back(world: World) -> float:
    """Fill the queue, and return the `Retry-After` of a refused client."""
    world.queue()
    with pytest.raises(QueueFullError) as refused:
        world.database.write(lambda connection: submit(connection, world.submission(), SubmitLimits(queue_limit=1)))
    return refused.value.retry_after_s


def test_retry_after_of_an_idle_full_queue_is_the_duration_of_the_last_jobs(world: World) -> None:
    assert come_back(world) == UNKNOWN_SECONDS
    for seconds in (6.0, 10.0):
        mine = world.start()
        world.succeed(mine)
        world.alter(mine.job_id, started_at=now(-seconds), finished_at=now())
    assert come_back(world) == pytest.approx(8.0, abs=0.1)


def test_more_concurrent_jobs_shorten_retry_after(world: World) -> None:
    mine = world.start()
    world.succeed(mine)
    world.alter(mine.job_id, started_at=now(-12.0), finished_at=now())
    for _ in range(3):
        world.start()
    assert come_back(world) == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize(("took", "told"), [(0.01, SHORTEST_SECONDS), (90_000.0, LONGEST_SECONDS)])
def test_retry_after_has_a_lower_and_an_upper_limit(world: World, took: float, told: float) -> None:
    mine = world.start()
    world.succeed(mine)
    world.alter(mine.job_id, created_at=now(-took), started_at=now(-took), finished_at=now())
    assert come_back(world) == told


def test_a_full_queue_repeats_earlier_answers_and_accepts_other_kinds(world: World) -> None:
    first = world.queue(idempotency_key="k")
    again, other = world.submission(idempotency_key="k"), world.submission(kind="scoring")
    for submission, expected in ((again, Submitted(first, True)), (other, Submitted(other.job_id, False))):
        work = partial(submit, submission=submission, limits=SubmitLimits(queue_limit=1))
        assert world.database.write(work) == expected


def test_a_place_that_was_freed_is_taken(world: World) -> None:
    world.start(world.queue())
    new = world.submission()
    world.database.write(lambda connection: submit(connection, new, SubmitLimits(queue_limit=1)))
    assert world.row(new.job_id).state == "queued"


def test_a_submission_that_is_rolled_back_leaves_no_row(world: World) -> None:
    def work(connection) -> None:
        submit(connection, world.submission())
        raise RuntimeError("the process was about to die")

    before = world.snapshot()
    with pytest.raises(RuntimeError, match="about to die"):
        world.database.write(work)
    assert world.snapshot() == before
