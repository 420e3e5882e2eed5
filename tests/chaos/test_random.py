"""All disturbances at random, with a real broker: every invariant holds, and the run had enough disturbances."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from store.artifacts import PREFIX, ArtifactStore
from store.database import open_database
from store.migrate import upgrade
from tests.chaos.disturbances import Chaos
from tests.chaos.invariants import Ended
from tests.chaos.service import Service, service
from tests.parts.crashing_postgres import CrashingPostgres, crashing_postgres

SMALL = [("postgresql",)]
FULL = [("sqlite",), ("postgresql",)]
# Jobs are of these kinds, in turn.
KINDS = ("training", "training", "scoring", "replay")
# Each once in every run, then at random, by weight.
FIRST = (
    "kill_worker_with_checkpoint",
    "freeze_child",
    "ring_again",
    "forge",
    "crash_database",
    "flush_broker",
    "lose_broker",
    "cancel",
)
WEIGHTS = {
    "kill_worker": 4,
    "kill_worker_with_checkpoint": 3,
    "kill_child": 3,
    "stop_worker": 2,
    "freeze_child": 3,
    "freeze_worker": 1,
    "kill_web": 2,
    "flush_broker": 2,
    "lose_broker": 1,
    "crash_database": 1,
    "ring_again": 3,
    "forge": 2,
    "cancel": 2,
}


@dataclass(frozen=True)
class Size:
    """The size of a run."""

    jobs: int
    workers: int
    pause_seconds: float
    training_seconds: float
    strike_limit: int
    most_seconds: float


SMALL_SIZE = Size(jobs=12, workers=2, pause_seconds=1.0, training_seconds=1.0, strike_limit=8, most_seconds=200)
FULL_SIZE = Size(jobs=200, workers=4, pause_seconds=0.5, training_seconds=1.0, strike_limit=30, most_seconds=3000)


@pytest.fixture
def chaos(case: tuple[str], full: bool, tmp_path: Path) -> Iterator[Chaos]:
    size = FULL_SIZE if full else SMALL_SIZE
    with ExitStack() as stack:
        postgres: CrashingPostgres | None = None
        url = f"sqlite:///{tmp_path}/ebb.db"
        if case == ("postgresql",):
            postgres = stack.enter_context(crashing_postgres())
            url = postgres.server.create_database()
        database = open_database(url)
        upgrade(database)
        database.close()
        running = stack.enter_context(
            service(
                tmp_path,
                url,
                workers=size.workers,
                seconds=size.training_seconds,
                strike_limit=size.strike_limit,
            )
        )
        yield Chaos(running, random.Random(), postgres)


@pytest.mark.timeout(4000)
def test_every_job_ends_once_under_random_disturbances(chaos: Chaos, full: bool) -> None:
    size, seed = FULL_SIZE if full else SMALL_SIZE, random.randrange(10**6)
    chaos.random.seed(seed)
    print(f"seed {seed}")
    running = chaos.service
    poison = running.submit()
    (running.fleet.armed / "poison").write_text(poison)
    _disturb(chaos, size)
    chaos.end()
    running.fleet.wait_for(lambda: _all_ended(chaos), "the end of every job")
    (running.fleet.armed / "poison").unlink()
    ended = running.ended()
    _let_a_day_pass(ArtifactStore(running.fleet.settings.artifacts), ended)
    ended.check(running.fleet.settings)
    assert ended.jobs[poison].state in ("failed", "cancelled")  # I10
    if ended.jobs[poison].state == "failed":
        assert ended.jobs[poison].strikes == size.strike_limit
    innocent = [row for row in ended.jobs.values() if row.id != poison]
    assert [(row.id, row.error_code) for row in innocent if row.state == "failed"] == []
    assert [job_id for job_id in chaos.cancelled if ended.jobs[job_id].state != "cancelled"] == []  # I11
    met = chaos.done + _met(running) + Counter(f"{row.kind} begun again" for row in innocent if row.token > 1)
    print(dict(met))
    wanted = {*FIRST, *NOT_VACUOUS, *(f"{kind} begun again" for kind in KINDS if full)}
    wanted -= {"crash_database"} if chaos.postgres is None else set()
    missed = {name for name in wanted if not met[name]}
    assert missed == set(), f"the run proves nothing of these; it met {dict(met)}"  # I12


NOT_VACUOUS = {
    "stale writes refused": "stopping at once",
    "resumes": "resuming after epoch",
    "messages for nobody": "no job of its kind can be claimed",
    "leases lost": "its lease expired",
}


# Disturbances to repeat if the first one had no effect, such as when the worker of a stopped training was killed.
AGAIN = {
    "stale writes refused": "freeze_child",
    "resumes": "kill_worker_with_checkpoint",
    "messages for nobody": "forge",
    "leases lost": "kill_worker_with_checkpoint",
}


def _met(running: Service) -> Counter[str]:
    """Count the effects in the logs of the workers."""
    logs = "\n".join(log.read_text(errors="replace") for log in running.fleet.settings.home.glob("worker*.log"))
    return Counter({name: logs.count(words) for name, words in NOT_VACUOUS.items()})


def _disturb(chaos: Chaos, size: Size) -> None:
    """Submit and disturb in turn, until all jobs have ended and every disturbance has happened.

    The small run stops disturbing after the first of each, so that it ends soon.
    """
    running, first, begun = chaos.service, list(FIRST), time.monotonic()
    wanted = len(running.acknowledged) + size.jobs - 1
    while time.monotonic() - begun < size.most_seconds:
        submitting = len(running.acknowledged) < wanted
        if submitting:
            running.submit(KINDS[len(running.acknowledged) % len(KINDS)])
        elif not _open_jobs(running):
            if not first:
                missed = {name for name, times in _met(running).items() if not times}
                if not missed:
                    return
                first = [AGAIN[name] for name in missed]
            running.submit()  # otherwise there is no target
        if first:
            _take_first(chaos, first)
        elif submitting or size is FULL_SIZE:
            chaos.disturb(chaos.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])
        chaos.disturb("pass_delays")
        chaos.thaw()
        running.fleet.mend()
        time.sleep(size.pause_seconds)
    raise AssertionError(f"not done after {size.most_seconds:.0f} s: {dict(chaos.done)}\n{running.fleet.said()}")


def _let_a_day_pass(kept: ArtifactStore, ended: Ended) -> None:
    """Only the sweeper removes the files of a job that lost its processes and then was cancelled."""
    for path in kept.folder.glob(f"{PREFIX}*"):
        job_id = path.name.removeprefix(PREFIX).partition(".")[0]
        assert ended.jobs[job_id].state != "succeeded", ended.story(job_id)
        os.utime(path, (0, 0))
    kept.sweep()


def _take_first(chaos: Chaos, first: list[str]) -> None:
    """Do the next disturbance. It stays in the list while it has no target."""
    name = first.pop(0)
    before = chaos.done[name]
    chaos.disturb(name)
    if chaos.done[name] == before and not (name == "crash_database" and chaos.postgres is None):
        first.append(name)


def _open_jobs(running: Service) -> list[str]:
    return [job_id for job_id in running.acknowledged if not running.has_ended(job_id)]


def _all_ended(chaos: Chaos) -> bool:
    chaos.disturb("pass_delays")
    return not _open_jobs(chaos.service)
