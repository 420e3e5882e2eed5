"""A sweep compares configurations, resumes after a kill with the same bytes, and makes the winner a version."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from model.sweep.plan_parser import parse_plan
from store.clock import now
from store.jobs.standings import read_standings
from store.registry.versions import get_version
from tests.worker.trainings import Trainings, wait_for
from worker.kinds.sweep import SweepWork

ADAM = {"name": "adam", "learning_rate": 0.01}
CONFIGURATIONS = [{"layers": [4]}, {"layers": [8, 4]}, {"dropout": 0.2}, {"optimizer": {"learning_rate": 1e-5}}]
SHORT = {"spec": {"epochs": 12, "optimizer": ADAM}, "configurations": CONFIGURATIONS, "folds": 3}
HALVING = {**SHORT, "halving": {"first_epochs": 3, "factor": 2}}
# Each configuration takes a second or two.
STEADY = {
    "spec": {"epochs": 1000, "early_stopping": None, "layers": [64, 64], "batch_size": 32, "dropout": 0.1},
    "configurations": [{"optimizer": {"learning_rate": rate}} for rate in (0.01, 0.001, 0.0001)],
    "folds": 2,
    "halving": {"first_epochs": 100},
}
ENDLESS = {
    "spec": {"epochs": 1_000_000, "early_stopping": None, "layers": [4]},
    "configurations": [{"dropout": 0.1}, {"dropout": 0.2}],
    "folds": 2,
}


def queue(trainings: Trainings, sweep: dict[str, Any], promote: str = "never", **changes: Any) -> str:
    params = {**parse_plan(sweep).to_json(), "promote": promote}
    return trainings.world.queue(kind="sweep", params=params, **changes)


def swept(trainings: Trainings, sweep: dict[str, Any], promote: str = "never") -> Any:
    job_id = queue(trainings, sweep, promote)
    trainings.attempts.run(job_id)
    return trainings.world.row(job_id)


def standings(trainings: Trainings, job_id: str) -> list[dict[str, Any]]:
    with trainings.database.read() as connection:
        return read_standings(connection, job_id)


def version(trainings: Trainings, number: int = 1) -> Any:
    with trainings.database.read() as connection:
        return get_version(connection, "churn", number)


def test_a_sweep_registers_the_winner_as_a_version(trainings: Trainings) -> None:
    row = swept(trainings, HALVING)
    assert row.state == "succeeded", row.error_text
    assert (row.progress_done, row.progress_total) == (row.progress_total, parse_plan(HALVING).epochs)
    told = standings(trainings, row.id)
    assert [(one["rung"], one["configuration"]) for one in told[:4]] == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert [one["rung"] for one in told[4:]] == [1, 1, 2, 2]
    last = [one for one in told if one["rung"] == 2]
    best = min(last, key=lambda one: one["loss"])
    facts = row.result["sweep"]
    assert row.result["version"] == 1
    assert (facts["configuration"], facts["loss"], facts["compared"]) == (best["configuration"], best["loss"], 4)
    assert facts["runner_up"]["loss"] == max(one["loss"] for one in last)
    added = version(trainings)
    assert added.job_id == row.id
    assert added.metrics["sweep"] == facts
    assert added.metrics["valid_loss"] == pytest.approx(best["loss"])
    assert added.spec == parse_plan(HALVING).specs[best["configuration"]].to_json()
    assert trainings.world.snapshot()["checkpoints"] == []


def test_a_training_and_a_replay_of_the_winners_spec_give_the_same_bytes(trainings: Trainings) -> None:
    swept(trainings, HALVING)
    added = version(trainings)
    job_id = trainings.world.queue(kind="replay", params={"version": 1, "spec": added.spec})
    trainings.attempts.run(job_id)
    assert trainings.world.row(job_id).result["equal"] is True
    assert trainings.train(added.spec).state == "succeeded"
    assert version(trainings, 2).weights_sha256 == added.weights_sha256


def checkpoint_is_stored(trainings: Trainings, job_id: str) -> bool:
    return bool(trainings.world.snapshot()["checkpoints"])


def second_rung_is_reached(trainings: Trainings, job_id: str) -> bool:
    return any(one["rung"] == 1 for one in standings(trainings, job_id))


def test_a_killed_sweep_resumes_and_ends_with_the_same_bytes(trainings: Trainings) -> None:
    whole = swept(trainings, STEADY)
    world, job_id = trainings.world, queue(trainings, STEADY)
    for reached, what in ((checkpoint_is_stored, "a checkpoint"), (second_rung_is_reached, "the second rung")):
        with trainings.running(job_id) as process:
            wait_for(lambda reached=reached: reached(trainings, job_id), what)
            process.kill()
        assert world.row(job_id).state == "queued", "the sweep was over before it could be killed"
        world.alter(job_id, run_after=now())
    trainings.attempts.run(job_id)
    row = world.row(job_id)
    assert row.state == "succeeded", row.error_text
    assert standings(trainings, job_id) == standings(trainings, whole.id)
    assert version(trainings, 2).weights_sha256 == version(trainings, 1).weights_sha256
    without = [{**one.result["sweep"], "job": None} for one in (whole, row)]
    assert without[0] == without[1]
    assert [event for event, _ in world.events(job_id)].count("restarted") == 0


def test_a_sweep_is_cancelled(on_sqlite: Trainings) -> None:
    job_id = queue(on_sqlite, ENDLESS)
    with on_sqlite.running(job_id):
        wait_for(lambda: on_sqlite.world.row(job_id).progress_done, "the first epochs")
        on_sqlite.world.cancel(job_id)
    assert on_sqlite.world.row(job_id).state == "cancelled"
    assert on_sqlite.world.snapshot()["versions"] == []


def test_a_configuration_that_diverges_loses_and_the_sweep_goes_on(on_sqlite: Trainings) -> None:
    wild = {"optimizer": {"name": "sgd", "learning_rate": 1e30}}
    row = swept(on_sqlite, {**SHORT, "configurations": [wild, {"layers": [4]}]})
    assert row.state == "succeeded", row.error_text
    lost, won = standings(on_sqlite, row.id)
    assert lost["loss"] is None
    assert lost["error"].startswith("training diverged in epoch 1")
    assert row.result["sweep"]["configuration"] == won["configuration"] == 1
    assert row.result["sweep"]["runner_up"] is None


def test_a_sweep_of_which_every_configuration_diverges_fails_with_the_first_error(on_sqlite: Trainings) -> None:
    wild = [{"optimizer": {"name": "sgd", "learning_rate": rate}} for rate in (1e30, 1e31)]
    row = swept(on_sqlite, {**SHORT, "configurations": wild})
    assert (row.state, row.error_code) == ("failed", "sweep")
    assert "configuration 0: training diverged" in row.error_text


def test_the_winner_is_promoted_as_a_training_is(on_sqlite: Trainings) -> None:
    assert swept(on_sqlite, SHORT, promote="always").result["promoted"] is True
    row = swept(on_sqlite, SHORT, promote="if_better")
    assert row.result["gate"]["champion_version"] == 1
    assert row.result["sweep"]["compared"] == 4


def test_a_sweep_with_a_damaged_checkpoint_begins_again_and_says_so(on_sqlite: Trainings) -> None:
    whole, world, job_id = swept(on_sqlite, HALVING), on_sqlite.world, queue(on_sqlite, HALVING)
    work = SweepWork.prepare(on_sqlite.settings, on_sqlite.database, job_id)
    found = [unit.standing for unit in itertools.islice(work.units(), 20) if unit.standing is not None]
    row = work.checkpoint()
    assert row is not None
    damaged = replace(row, state=row.state[:-1] + bytes([row.state[-1] ^ 1]))
    world.beat(world.start(job_id), new_standings=found, checkpoint=damaged)
    world.expire(job_id)
    on_sqlite.attempts.run(job_id)
    assert [event for event, _ in world.events(job_id)].count("restarted") == 1
    assert standings(on_sqlite, job_id) == standings(on_sqlite, whole.id)
    assert version(on_sqlite, 2).weights_sha256 == version(on_sqlite, 1).weights_sha256
