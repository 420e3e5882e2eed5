"""The warm process: started before its job, never left behind, and replaced without a strike when it dies."""

import contextlib
import os
import sys
from collections.abc import Iterator

import psutil
import pytest

from tests.worker.processes import worker
from tests.worker.trainings import LONG, PATIENCE_SECONDS, SHORT, Trainings, wait_for


def waiting(parent: int) -> list[psutil.Process]:
    """Return the warm processes of this process that wait for a claim."""
    found = []
    for process in psutil.Process(parent).children():
        with contextlib.suppress(psutil.Error):
            if "worker.child" in process.cmdline() and process.name().startswith("python"):
                found.append(process)
    return found


@pytest.fixture
def warm(on_sqlite: Trainings) -> Iterator[Trainings]:
    with on_sqlite.starter.keep_one_warm():
        wait_for(lambda: waiting(os.getpid()), "the warm process")  # a process has no command line while it begins
        yield on_sqlite


def test_the_warm_process_runs_the_job_and_a_new_one_starts(warm: Trainings) -> None:
    [first] = waiting(os.getpid())
    job_id = warm.queue(LONG)
    with warm.running(job_id) as process:
        assert process.pid == first.pid
        assert process.name() == job_id.rpartition("-")[2]
        wait_for(lambda: waiting(os.getpid()), "the next process")
        [second] = waiting(os.getpid())
        warm.world.cancel(job_id)
    assert warm.world.row(job_id).state == "cancelled"
    assert waiting(os.getpid()) == [second]
    assert not first.is_running()


def test_several_jobs_at_once_take_one_process_each(warm: Trainings) -> None:
    first, second = warm.queue(LONG), warm.queue(LONG)
    with warm.running(first) as one, warm.running(second) as other:
        assert one.pid != other.pid
        for job_id in (first, second):
            warm.world.cancel(job_id)


@pytest.mark.parametrize("reaped", [True, False])
def test_a_dead_warm_process_is_replaced_without_a_strike(warm: Trainings, reaped: bool) -> None:
    [process] = waiting(os.getpid())
    process.kill()
    if reaped:
        process.wait()
    else:
        wait_for(lambda: process.status() == psutil.STATUS_ZOMBIE, "its death")
    row = warm.train(SHORT)
    assert (row.state, row.token, row.strikes) == ("succeeded", 1, 0)


def test_a_process_that_cannot_be_started_is_a_strike_with_its_reason(
    on_sqlite: Trainings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    row = on_sqlite.train(SHORT)
    assert (row.state, row.token, row.strikes) == ("queued", 1, 1)
    assert row.run_after > row.heartbeat_at
    assert "its process cannot be started" in caplog.text


def test_a_job_runs_though_no_next_process_can_start(warm: Trainings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", "/nowhere/python")
        assert warm.train(SHORT).state == "succeeded"
    assert waiting(os.getpid()) == []
    assert warm.train(SHORT).state == "succeeded"
    assert len(waiting(os.getpid())) == 1


def test_the_warm_process_ends_when_the_worker_stops(on_sqlite: Trainings) -> None:
    with on_sqlite.starter.keep_one_warm():
        wait_for(lambda: waiting(os.getpid()), "the warm process")
        [process] = waiting(os.getpid())
    assert not process.is_running()
    on_sqlite.train(SHORT)
    assert waiting(os.getpid()) == []


def test_the_warm_process_ends_when_its_worker_is_killed(on_sqlite: Trainings) -> None:
    with worker(on_sqlite.settings) as process:
        wait_for(lambda: waiting(process.pid), "the process started ahead")
        left = waiting(process.pid)
        process.kill()
    assert not psutil.wait_procs(left, timeout=PATIENCE_SECONDS)[1]
