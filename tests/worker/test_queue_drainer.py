"""One message drains the whole queue, and kinds take turns."""

from store.database import Database
from store.ids import new_id
from store.job_states import KINDS
from store.jobs.claim import claim_next
from store.jobs.finish import fail
from tests.store.world import World, make_world
from tests.worker.outages import outage
from worker.queue_drainer import QueueDrainer


def drain(world: World, job_id: str, kinds: tuple[str, ...] = KINDS, most: int = 100) -> list[str]:
    """Handle one message, and return the jobs that it runs. Each job ends at once."""
    run: list[str] = []

    def attempt(rung_for: str) -> bool:
        mine = world.database.write(
            lambda connection: claim_next(connection, rung_for, kinds=kinds, worker=new_id(), lease_seconds=30.0)
        )
        if mine is None:
            return False
        world.database.write(lambda connection: fail(connection, mine, code="tried", text="it was tried"))
        run.append(mine.job_id)
        return len(run) < most

    QueueDrainer(world.database, kinds, attempt).drain(job_id)
    return run


def test_one_message_drains_the_queue(database: Database) -> None:
    world = make_world(database)
    ids = [world.queue() for _ in range(5)]
    assert drain(world, ids[3]) == ids


def test_kinds_take_turns_with_any_number_of_jobs(database: Database) -> None:
    world = make_world(database)
    trainings = [world.queue() for _ in range(4)]
    scorings, replay = [world.queue(kind="scoring") for _ in range(2)], world.queue(kind="replay")
    run = drain(world, new_id())
    assert run == [trainings[0], scorings[0], replay, trainings[1], scorings[1], *trainings[2:]]


def test_kinds_that_the_worker_does_not_serve_are_left_alone(database: Database) -> None:
    world = make_world(database)
    training, scoring = world.queue(), world.queue(kind="scoring")
    assert drain(world, training, kinds=("scoring",)) == [scoring]
    assert world.row(training).state == "queued"


def test_a_forged_message_drains_the_queue_or_does_nothing(database: Database) -> None:
    world = make_world(database)
    waiting = world.queue()
    assert drain(world, "nonsense") == [waiting]
    before = world.snapshot()
    assert drain(world, "nonsense") == []
    assert world.snapshot() == before


def test_a_stopping_worker_takes_no_more_jobs(database: Database) -> None:
    world = make_world(database)
    ids = [world.queue() for _ in range(3)]
    assert drain(world, ids[0], most=2) == ids[:2]


def test_an_outage_leaves_the_rest_to_the_next_message(database: Database) -> None:
    world = make_world(database)
    world.queue()
    with outage(database):
        QueueDrainer(database, KINDS, lambda _: True).drain("nonsense")
