"""Whoever runs a loop may do something long: a stand-in runs it meanwhile, and nobody else ever does."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from app.connections.lead import CALM_LOOKS, LOOK_SECONDS, Lead
from tests.app.running import PATIENCE

LONG = 50 * LOOK_SECONDS


@dataclass
class Loop:
    """Rounds that wait until they are woken, and count themselves; it notices when two threads run it at once."""

    rounds: int = 0
    failing: bool = False
    overlapped: bool = False
    began: threading.Event = field(default_factory=threading.Event)
    woken: threading.Event = field(default_factory=threading.Event)
    _within: threading.Lock = field(default_factory=threading.Lock)

    def round(self) -> None:
        if not self._within.acquire(blocking=False):
            self.overlapped = True
            return
        try:
            self.rounds += 1
            self.began.set()
            if self.failing:
                raise RuntimeError("a round that fails")
            self.woken.wait(PATIENCE)
            self.woken.clear()
        finally:
            self._within.release()

    def wake(self) -> None:
        self.woken.set()


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def lead(loop: Loop) -> Iterator[Lead[Callable[[], object]]]:
    yield Lead(loop.round, loop.wake)
    assert not loop.overlapped


def _do(work: Callable[[], object]) -> None:
    work()


def test_a_stand_in_runs_the_loop_while_its_thread_is_held_up(lead: Lead[Callable[[], object]], loop: Loop) -> None:
    lead.step_aside(_do, lambda: loop.began.wait(PATIENCE))
    assert loop.rounds == 1


def test_the_lead_comes_back_at_once_and_for_good(lead: Lead[Callable[[], object]], loop: Loop) -> None:
    begun = time.monotonic()
    for rounds in range(1, 4):
        loop.began.clear()
        lead.step_aside(_do, lambda: loop.began.wait(PATIENCE))  # returns only when the stand-in was woken
        time.sleep(LONG)
        assert loop.rounds == rounds, "the stand-in went on"
    assert time.monotonic() - begun < PATIENCE, "a round was waited for"


def test_what_is_done_soon_needs_no_stand_in(lead: Lead[Callable[[], object]], loop: Loop) -> None:
    times, until = 0, time.monotonic() + LONG
    while time.monotonic() < until:
        lead.step_aside(_do, lambda: None)
        times += 1
    assert loop.rounds <= times / 100  # a busy machine may take the processor away in the middle of one


def test_after_a_calm_the_loop_is_watched_again(lead: Lead[Callable[[], object]], loop: Loop) -> None:
    time.sleep(3 * CALM_LOOKS * LOOK_SECONDS)
    lead.step_aside(_do, lambda: loop.began.wait(PATIENCE))
    assert loop.rounds == 1


def test_a_round_that_fails_is_not_the_last(lead: Lead[Callable[[], object]], loop: Loop) -> None:
    loop.failing = True

    def until_a_second_round() -> None:
        loop.began.wait(PATIENCE)
        loop.failing = False
        loop.began.clear()
        assert loop.began.wait(PATIENCE)

    lead.step_aside(_do, until_a_second_round)


def test_the_lead_comes_back_though_the_work_failed(lead: Lead[Callable[[], object]], loop: Loop) -> None:
    def fail() -> None:
        loop.began.wait(PATIENCE)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - raised here
        lead.step_aside(_do, fail)
    rounds = loop.rounds
    time.sleep(LONG)
    assert loop.rounds == rounds
