"""A replay trains a version again and compares the bytes. It makes no version."""

from typing import Any

import pytest

from store.clock import now
from store.tables import versions
from tests.worker.trainings import LONG, SHORT, Trainings, wait_for

STEADY = {"epochs": 2000, "early_stopping": None, "layers": [64, 64], "batch_size": 8}


def queue(trainings: Trainings, spec: dict[str, Any], version: int = 1) -> str:
    return trainings.world.queue(kind="replay", params={"version": version, "spec": spec})


def replayed(trainings: Trainings, spec: dict[str, Any]) -> Any:
    job_id = queue(trainings, spec)
    trainings.attempts.run(job_id)
    return trainings.world.row(job_id)


def test_a_replay_gives_the_same_bytes_and_makes_no_version(trainings: Trainings) -> None:
    assert trainings.train(SHORT).state == "succeeded"
    before = trainings.world.snapshot()["versions"]
    row = replayed(trainings, SHORT)
    assert row.state == "succeeded", row.error_text
    sha256 = row.result["weights_sha256"]
    assert row.result == {
        "model": "churn",
        "version": 1,
        "equal": True,
        "weights_sha256": sha256,
        "replayed_sha256": sha256,
        "environment_differs": [],
    }
    assert trainings.world.snapshot()["versions"] == before
    assert trainings.world.snapshot()["checkpoints"] == []
    assert trainings.epochs(row.id) == [1, 2, 3, 4]


def test_a_replay_of_another_training_is_not_equal(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    row = replayed(on_sqlite, {**SHORT, "seed": 9})
    assert (row.state, row.result["equal"]) == ("succeeded", False)
    assert row.result["replayed_sha256"] != row.result["weights_sha256"]


def test_a_replay_in_another_environment_lists_the_differences(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    [environment] = on_sqlite.world.snapshot()["versions"][0][8:9]
    assert isinstance(environment, dict)
    elsewhere = {**environment, "numpy": "1.0.0", "cores": 999}
    on_sqlite.database.write(
        lambda connection: connection.execute(versions.update().values(environment=elsewhere)),
    )
    row = replayed(on_sqlite, SHORT)
    assert row.result["equal"]
    assert row.result["environment_differs"] == [
        {"name": "cores", "then": 999, "here": environment["cores"], "decides_bits": False},
        {"name": "numpy", "then": "1.0.0", "here": environment["numpy"], "decides_bits": True},
    ]


def test_a_replay_resumed_after_a_kill_is_equal(trainings: Trainings) -> None:
    assert trainings.train(STEADY).state == "succeeded"
    world, job_id = trainings.world, queue(trainings, STEADY)
    with trainings.running(job_id) as process:
        wait_for(lambda: world.snapshot()["checkpoints"], "a checkpoint")
        process.kill()
    if world.row(job_id).state == "succeeded":
        pytest.fail("the replay was over before it could be killed")
    world.alter(job_id, run_after=now())
    trainings.attempts.run(job_id)
    row = world.row(job_id)
    assert (row.state, row.result["equal"]) == ("succeeded", True)
    assert trainings.epochs(job_id) == list(range(1, 2001))


def test_a_replay_is_cancelled(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    job_id = queue(on_sqlite, LONG)
    with on_sqlite.running(job_id):
        wait_for(lambda: on_sqlite.epochs(job_id), "the first epochs")
        on_sqlite.world.cancel(job_id)
    assert on_sqlite.world.row(job_id).state == "cancelled"


def test_a_portfolio_killed_in_its_second_stage_ends_with_the_same_bytes_and_replays(on_sqlite: Trainings) -> None:
    stage = {
        **STEADY,
        "members": 2,
        "validation": {"folds": True},
        "layers": [16],
        "epochs": 4000,
        "activation": "silu",
    }
    stages = [{**stage, "epochs": 2, "layers": []}, stage]
    spec = {"preset": "quick", "reasons": {"baseline": "stayer"}, "stages": stages}
    world, whole = on_sqlite.world, on_sqlite.train(spec)
    assert whole.state == "succeeded", whole.error_text
    job_id = on_sqlite.queue(spec)
    with on_sqlite.running(job_id) as process:
        wait_for(lambda: max((row[2] for row in world.snapshot()["checkpoints"]), default=0) > 2, "a checkpoint")
        process.kill()
    row = world.row(job_id)
    assert (row.state, row.strikes) == ("queued", 1)
    world.alter(job_id, run_after=now())
    on_sqlite.attempts.run(job_id)
    assert world.row(job_id).state == "succeeded", world.row(job_id).error_text
    assert on_sqlite.epochs(job_id) == on_sqlite.epochs(whole.id) == list(range(1, 4003))
    first, second = world.snapshot()["versions"]
    assert first[10] == second[10]
    assert replayed(on_sqlite, spec).result["equal"]
