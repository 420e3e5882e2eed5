"""The events and epochs of a job in one order, from any position."""

import pytest

from store.jobs.events import Cursor, StreamEvent, read_events_after
from tests.store.world import World, epoch


def happened(world: World, job_id: str, after: Cursor | None = None, limit: int = 200) -> list[StreamEvent]:
    with world.database.read() as connection:
        return read_events_after(connection, job_id, after or Cursor(), limit=limit)


def told(events: list[StreamEvent]) -> list[str | int]:
    return [one.cursor.epoch or one.event for one in events]


@pytest.fixture
def eventful(world: World) -> str:
    """A job that was handed back, diverged, started again and succeeded."""
    mine = world.start()
    world.beat(mine, new_epochs=[epoch(1), epoch(2), epoch(3)])
    world.expire(mine.job_id)
    mine = world.start(mine.job_id, "w2")
    world.beat(mine, new_epochs=[epoch(3)])
    world.beat(mine, new_epochs=[epoch(4)])
    world.beat(mine, new_epochs=[epoch(1, retries=1), epoch(2, retries=1)])
    world.succeed(mine)
    return mine.job_id


def test_events_and_epochs_come_in_the_order_in_which_they_happened(world: World, eventful: str) -> None:
    # replaced epochs are removed, events are not
    assert told(happened(world, eventful)) == [
        *("queued", "running", "queued", "running", "restarted"), 1, 2, "succeeded",
    ]  # fmt: skip


def test_epochs_stand_between_the_events_around_them(world: World) -> None:
    mine = world.start()
    world.beat(mine, new_epochs=[epoch(1), epoch(2)])
    world.expire(mine.job_id)
    world.beat(world.start(mine.job_id, "w2"), new_epochs=[epoch(3)])
    assert told(happened(world, mine.job_id)) == ["queued", "running", 1, 2, "queued", "running", 3]


def test_it_resumes_from_every_position_without_gap_or_repetition(world: World, eventful: str) -> None:
    everything = happened(world, eventful)
    for place, one in enumerate(everything, start=1):
        assert happened(world, eventful, one.cursor) == everything[place:]
        assert happened(world, eventful, limit=place) == everything[:place]


def test_a_resumed_reader_gets_the_epochs_that_replaced_earlier_ones(world: World) -> None:
    mine = world.start()
    world.beat(mine, new_epochs=[epoch(1), epoch(2), epoch(3)])
    seen = happened(world, mine.job_id)[-1].cursor
    world.expire(mine.job_id)
    world.beat(world.start(mine.job_id, "w2"), new_epochs=[epoch(2), epoch(3)])
    assert told(happened(world, mine.job_id, seen)) == ["queued", "running", 2, 3]


def test_an_event_has_attempt_time_and_reason_and_no_internal_data(world: World) -> None:
    mine = world.start()
    world.expire(mine.job_id)
    _, begun, lost = happened(world, mine.job_id)
    assert (begun.event, begun.attempt, begun.data) == ("running", 1, {})
    assert (lost.event, lost.data) == ("queued", {"reason": "lease lost", "strikes": 1})
    assert begun.at is not None
    assert lost.at is not None
    assert begun.at <= lost.at
    assert begun.at.tzinfo is not None


def test_an_epoch_event_has_its_figures(world: World) -> None:
    mine = world.start()
    layers = [{"name": "0.weights", "gradient_norm": 0.5, "update_ratio": 0.001}]
    world.beat(mine, new_epochs=[epoch(1, layers=layers, dead_units=0.5)])
    data = happened(world, mine.job_id)[-1].data
    assert data == epoch(1, layers=layers, dead_units=0.5)


def test_other_jobs_are_left_out(world: World, eventful: str) -> None:
    other = world.start()
    world.beat(other, new_epochs=[epoch(1)])
    assert told(happened(world, other.job_id)) == ["queued", "running", 1]


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "1.2.3", "-1.2", "1.2\n", "١.٢", "1" * 19 + ".1", "1." + "9" * 10]
)
def test_an_invalid_cursor_is_recognised(text: str) -> None:
    assert Cursor.parse(text) is None
