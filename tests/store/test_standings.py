"""The standings of a sweep are events, recorded once each, and forgotten where the sweep begins again."""

from typing import Any

from store.jobs.events import Cursor, read_events_after
from store.jobs.restart import record_restart
from store.jobs.standings import read_standings
from tests.store.world import World


def standing(configuration: int, rung: int = 0, loss: float = 0.1 + 0.2) -> dict[str, Any]:
    return {"configuration": configuration, "rung": rung, "loss": loss, "fold_losses": [1e-300, loss], "error": None}


def found(world: World, job_id: str) -> list[dict[str, Any]]:
    with world.database.read() as connection:
        return read_standings(connection, job_id)


def test_standings_are_events_of_the_job_in_their_order(world: World) -> None:
    mine = world.start(world.queue(kind="sweep"))
    world.beat(mine, new_standings=[standing(1), standing(0)])
    world.beat(mine, new_standings=[standing(0, rung=1)])
    assert found(world, mine.job_id) == [standing(1), standing(0), standing(0, rung=1)]
    with world.database.read() as connection:
        events = read_events_after(connection, mine.job_id, Cursor())
    assert [event.data for event in events if event.event == "standing"] == found(world, mine.job_id)
    assert found(world, world.queue(kind="sweep")) == []


def test_an_attempt_that_repeats_a_standing_records_no_second_event(world: World) -> None:
    first = world.start(world.queue(kind="sweep"))
    world.beat(first, new_standings=[standing(0), standing(1)])
    world.expire(first.job_id)
    second = world.start(first.job_id, worker="w2")
    world.beat(second, new_standings=[standing(1), standing(2)])
    assert found(world, first.job_id) == [standing(0), standing(1), standing(2)]


def test_a_sweep_that_begins_again_has_its_new_standings_only(world: World) -> None:
    mine = world.start(world.queue(kind="sweep"))
    world.beat(mine, new_standings=[standing(0), standing(1)])
    world.database.write(lambda connection: record_restart(connection, mine, reason="another kernel"))
    assert found(world, mine.job_id) == []
    world.beat(mine, new_standings=[standing(0)])
    assert found(world, mine.job_id) == [standing(0)]
