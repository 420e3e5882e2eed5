"""An attempt ends or requeues its job, however the training process ends."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread

import psutil
import pytest

from store.clock import now, read_clock
from store.tables import epochs
from tests.worker.outages import outage
from tests.worker.trainings import (
    LONG,
    MANY,
    PATIENCE_SECONDS,
    SHORT,
    SLOW,
    Trainings,
    child_of,
    make_trainings,
    wait_for,
)
from worker.attempt import STARTING_SECONDS


def test_a_job_is_trained_to_a_version(trainings: Trainings) -> None:
    row = trainings.train(SHORT)
    assert (row.state, row.token, row.strikes) == ("succeeded", 1, 0), row.error_text
    assert {name: row.result[name] for name in ("model", "version", "promoted")} == {
        "model": "churn",
        "version": 1,
        "promoted": False,
    }
    assert trainings.epochs(row.id) == [1, 2, 3, 4]
    assert (row.progress_done, row.progress_total) == (4, 4)
    assert trainings.world.snapshot()["checkpoints"] == []


@pytest.mark.parametrize(
    "job_id", ["", "nonsense", "'; DROP TABLE jobs; --", "01890000-0000-7000-8000-000000000000", "x" * 100_000]
)
def test_a_forged_message_does_nothing(trainings: Trainings, job_id: str) -> None:
    trainings.queue(SHORT)
    before = trainings.world.snapshot()
    trainings.attempts.run(job_id)
    assert trainings.world.snapshot() == before


def test_a_repeated_message_runs_the_job_once(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(SHORT)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(on_sqlite.attempts.run, [job_id] * 4))
    assert (on_sqlite.world.row(job_id).state, on_sqlite.world.row(job_id).token) == ("succeeded", 1)
    before = on_sqlite.world.snapshot()
    on_sqlite.attempts.run(job_id)
    assert on_sqlite.world.snapshot() == before


def test_a_killed_process_is_a_strike_with_a_growing_delay_and_the_third_fails_the_job(trainings: Trainings) -> None:
    world, job_id = trainings.world, trainings.queue(LONG)
    delays = []
    for _ in range(3):
        world.alter(job_id, run_after=now())
        with trainings.running(job_id) as process:
            process.kill()
        row = world.row(job_id)
        delays.append((row.run_after - row.heartbeat_at).total_seconds())
    assert 2 <= delays[0] < delays[1]
    assert (row.state, row.strikes, row.error_code) == ("failed", 3, "worker_crashed")
    assert row.error_text.startswith("the job's process was killed by signal 9, which was strike 3 of 3")
    assert [event for event, _ in world.events(job_id)] == ["queued", *["running", "queued"] * 2, "running", "failed"]


def test_an_aborted_process_is_out_of_memory_and_is_not_retried(trainings: Trainings) -> None:
    """Arrow aborts its process by SIGABRT without memory."""
    job_id = trainings.queue(LONG)
    with trainings.running(job_id) as process:
        process.send_signal(signal.SIGABRT)
    row = trainings.world.row(job_id)
    assert (row.state, row.error_code, row.strikes, row.token) == ("failed", "out_of_memory", 0, 1)
    assert "raise EBB_TRAINING_BYTES" in row.error_text
    assert [event for event, _ in trainings.world.events(job_id)] == ["queued", "running", "failed"]


def test_a_process_may_take_longer_to_start_than_a_short_lease(on_sqlite: Trainings) -> None:
    seldom = replace(on_sqlite.settings, heartbeat_seconds=2.0)
    trainings = make_trainings(on_sqlite.database, seldom, MANY)
    job_id = trainings.queue(SLOW)
    assert seldom.lease_seconds < STARTING_SECONDS
    with trainings.running(job_id) as process:
        process.suspend()  # before its first heartbeat
        row = trainings.world.row(job_id)
        process.kill()
    assert (row.lease_until - row.heartbeat_at).total_seconds() == pytest.approx(STARTING_SECONDS, abs=0.1)


def _wait_until_reported(trainings: Trainings, job_id: str) -> None:
    wait_for(lambda: trainings.epochs(job_id), "the first epochs")


def test_a_running_job_is_cancelled(trainings: Trainings) -> None:
    job_id = trainings.queue(LONG)
    with trainings.running(job_id):
        _wait_until_reported(trainings, job_id)
        trainings.world.cancel(job_id)
    assert (trainings.world.row(job_id).state, trainings.world.row(job_id).error_code) == ("cancelled", "cancelled")


def test_a_job_is_cancelled_in_the_middle_of_an_epoch(trainings: Trainings) -> None:
    trainings = make_trainings(trainings.database, trainings.settings, MANY)
    job_id = trainings.queue(SLOW)
    with trainings.running(job_id):
        trainings.world.cancel(job_id)
    assert (trainings.world.row(job_id).state, trainings.epochs(job_id)) == ("cancelled", [])


def test_a_job_killed_while_it_is_cancelled_is_cancelled_without_a_strike(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(LONG)
    with on_sqlite.running(job_id) as process:
        process.suspend()
        on_sqlite.world.cancel(job_id)
        process.kill()
    assert (on_sqlite.world.row(job_id).state, on_sqlite.world.row(job_id).strikes) == ("cancelled", 0)


def test_a_stopping_worker_hands_its_job_back_with_a_checkpoint_and_no_strike(trainings: Trainings) -> None:
    job_id = trainings.queue(LONG)
    with trainings.running(job_id):
        _wait_until_reported(trainings, job_id)
        trainings.attempts.stop()
    row = trainings.world.row(job_id)
    assert (row.state, row.strikes, row.published_at) == ("queued", 0, None)
    [checkpoint] = trainings.world.snapshot()["checkpoints"]
    assert checkpoint[2] == row.progress_done == trainings.epochs(job_id)[-1]


def test_a_stop_may_be_interrupted_by_another_stop(on_sqlite: Trainings) -> None:
    """A second signal handler may run in the middle of the first."""
    stop, job_id = on_sqlite.attempts.stop, on_sqlite.queue(LONG)

    def again(*_: object) -> None:
        sys.setprofile(None)
        stop()
        sys.setprofile(again)

    def interrupted() -> None:
        sys.setprofile(again)
        stop()
        sys.setprofile(None)

    with on_sqlite.running(job_id) as process:
        signalled = Thread(target=interrupted, daemon=True)
        signalled.start()
        signalled.join(5.0)
        if stuck := signalled.is_alive():
            process.kill()
    assert not stuck
    assert (on_sqlite.world.row(job_id).state, on_sqlite.world.row(job_id).strikes) == ("queued", 0)


def test_a_worker_that_stops_before_its_process_listens_gives_no_strike(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(LONG)
    with on_sqlite.running(job_id):
        on_sqlite.attempts.stop()
    assert (on_sqlite.world.row(job_id).state, on_sqlite.world.row(job_id).strikes) == ("queued", 0)


def test_a_stopping_worker_does_not_wait_for_a_long_epoch(on_sqlite: Trainings) -> None:
    trainings = make_trainings(on_sqlite.database, on_sqlite.settings, MANY)
    world, job_id = trainings.world, trainings.queue({**SLOW, "members": 32})
    with trainings.running(job_id):
        claimed = world.row(job_id).heartbeat_at
        wait_for(lambda: world.row(job_id).heartbeat_at > claimed, "a beat of the process itself")
        trainings.attempts.stop()
        wait_for(lambda: world.row(job_id).state == "queued", "the handing back", seconds=30)
    assert (world.row(job_id).strikes, trainings.epochs(job_id)) == (0, [])


def test_a_stopping_worker_claims_nothing(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(SHORT)
    before = on_sqlite.world.snapshot()
    on_sqlite.attempts.stop()
    assert not on_sqlite.attempts.run(job_id)
    assert on_sqlite.world.snapshot() == before


def test_a_worker_retries_its_claim_during_an_outage(trainings: Trainings) -> None:
    job_id = trainings.queue(SHORT)
    with ThreadPoolExecutor(1) as pool:
        with outage(trainings.database):
            attempt = pool.submit(trainings.attempts.run, job_id)
            wait([attempt], timeout=5.0)
        attempt.result(PATIENCE_SECONDS)
    row = trainings.world.row(job_id)
    assert (row.state, row.token, row.strikes) == ("succeeded", 1, 0)


def test_a_stopping_worker_does_not_wait_for_the_database(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(SHORT)
    with ThreadPoolExecutor(1) as pool, outage(on_sqlite.database):
        attempt = pool.submit(on_sqlite.attempts.run, job_id)
        wait([attempt], timeout=1.0)
        on_sqlite.attempts.stop()
        assert not attempt.result(PATIENCE_SECONDS)


def test_a_training_process_ends_with_its_worker(on_sqlite: Trainings) -> None:
    program = """
        import sys
        from store.database import open_database
        from store.settings import read_settings
        from worker.attempt import Attempts
        from worker.warm_process import ProcessStarter
        settings = read_settings()
        database = open_database(settings.database_url)
        Attempts(settings, database, "w1", ProcessStarter(settings)).run(sys.argv[1])
    """
    job_id = on_sqlite.queue(LONG)
    environ = {**os.environ, **on_sqlite.settings.environ()}
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), job_id], env=environ) as worker:
        wait_for(lambda: on_sqlite.epochs(job_id), "the first epochs")
        children = [process for process in child_of(job_id) if process.pid != worker.pid]
        worker.kill()
    assert children
    assert not psutil.wait_procs(children, timeout=PATIENCE_SECONDS)[1]


def test_an_epoch_longer_than_the_lease_keeps_it(on_sqlite: Trainings) -> None:
    many = make_trainings(on_sqlite.database, on_sqlite.settings, MANY)
    world, job_id = many.world, many.queue({**SLOW, "members": 4})
    lease = on_sqlite.settings.lease_seconds
    with many.running(job_id):
        while (row := world.row(job_id)).state == "running":
            assert row.lease_until > _database_time(on_sqlite), "the lease ran out"
    row = world.row(job_id)
    assert (row.state, row.token) == ("succeeded", 1), row.error_text
    [epoch] = world.snapshot()["epochs"]
    assert epoch[list(epochs.c.keys()).index("seconds")] > lease, "the epoch was too short to prove anything"


def _database_time(trainings: Trainings) -> object:
    with trainings.database.read() as connection:
        return datetime.fromtimestamp(read_clock(connection), UTC)


def test_attempts_leave_no_open_files(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    before = psutil.Process().num_fds()
    for _ in range(2):
        on_sqlite.train(SHORT)
    assert psutil.Process().num_fds() <= before


def test_a_stopped_training_process_hands_its_job_back(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(LONG)
    with on_sqlite.running(job_id) as process:
        _wait_until_reported(on_sqlite, job_id)
        process.send_signal(signal.SIGTERM)
    assert (on_sqlite.world.row(job_id).state, on_sqlite.world.row(job_id).strikes) == ("queued", 0)
