"""A training resumes from a checkpoint with the same bytes, or reports why it starts over."""

import itertools
import json
import logging
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import update

from model.errors import SpecError
from model.storage import pack_checkpoint, sha256, unpack_checkpoint
from store.errors import ArtifactError
from store.jobs.checkpoints import CheckpointRow, get_checkpoint
from store.jobs.epoch import Epoch
from store.tables import checkpoints
from tests.worker.trainings import SHORT, SLOW, Trainings, make_trainings
from worker.errors import DatasetError
from worker.kinds.training import Training

SPEC = {"epochs": 12, "early_stopping": None, "layers": [8, 4], "dropout": 0.1, "batch_norm": True}


def prepared(trainings: Trainings, job_id: str) -> Training:
    return Training.prepare(trainings.settings, trainings.database, job_id)


def interrupted(trainings: Trainings, job_id: str, epochs: int = 5, environment: dict[str, Any] | None = None) -> None:
    """Train for some epochs and store a checkpoint."""
    training = prepared(trainings, job_id)
    assert [row.epoch for row in itertools.islice(epochs_of(training), epochs)] == list(range(1, epochs + 1))
    row = training.checkpoint()
    if environment is not None:
        state = unpack_checkpoint(row.state)
        state.header["environment"] |= environment
        data = pack_checkpoint(state)
        row = CheckpointRow(row.epoch, data, sha256(data))
    trainings.world.beat(trainings.world.start(job_id), checkpoint=row)


def epochs_of(training: Training) -> Iterator[Epoch]:
    for unit in training.units():
        assert unit.epoch is not None
        yield unit.epoch


def finished(training: Training) -> tuple[list[int], str]:
    epochs = [row.epoch for row in epochs_of(training)]
    return epochs, training.fitting.estimator().weights_sha256


def test_a_resumed_training_ends_with_the_same_bytes(trainings: Trainings) -> None:
    whole = prepared(trainings, trainings.queue(SPEC))
    list(whole.units())
    job_id = trainings.queue(SPEC)
    interrupted(trainings, job_id)
    resumed = prepared(trainings, job_id)
    assert resumed.fitting.epochs_done == 5
    assert [row.epoch for row in epochs_of(resumed)] == [6, 7, 8, 9, 10, 11, 12]
    assert resumed.fitting.estimator().to_bytes() == whole.fitting.estimator().to_bytes()


def test_a_training_interrupted_after_its_last_epoch_has_none_left(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(SPEC)
    interrupted(on_sqlite, job_id, epochs=12)
    resumed = prepared(on_sqlite, job_id)
    assert resumed.fitting.epochs_done == 12
    assert finished(resumed) == ([], finished(prepared(on_sqlite, on_sqlite.queue(SPEC)))[1])


def _damaged(trainings: Trainings, job_id: str) -> None:
    interrupted(trainings, job_id)
    _replace(trainings, job_id, lambda state: state[:-1] + bytes([state[-1] ^ 1]))


def _no_checkpoint(trainings: Trainings, job_id: str) -> None:
    """Bytes with a valid digest that are not a checkpoint."""
    interrupted(trainings, job_id)
    _replace(trainings, job_id, lambda _: b"what another release wrote", digest_too=True)


def _replace(trainings: Trainings, job_id: str, change: Any, *, digest_too: bool = False) -> None:
    with trainings.database.read() as connection:
        row = get_checkpoint(connection, job_id)
    assert row is not None
    state = change(row.state)
    values = {"state": state} | ({"sha256": sha256(state)} if digest_too else {})
    trainings.database.write(
        lambda connection: connection.execute(
            update(checkpoints).where(checkpoints.c.job_id == job_id).values(**values)
        )
    )


def _other_environment(trainings: Trainings, job_id: str) -> None:
    interrupted(trainings, job_id, environment={"blas_kernel": "another"})


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (_damaged, "its checkpoint is damaged"),
        (_no_checkpoint, "not a complete checkpoint"),
        (_other_environment, "the numerical environment was"),
    ],
)
def test_an_unusable_checkpoint_restarts_at_epoch_0_with_a_logged_reason(
    on_sqlite: Trainings, caplog: pytest.LogCaptureFixture, prepare: Any, why: str
) -> None:
    job_id = on_sqlite.queue(SPEC)
    prepare(on_sqlite, job_id)
    with caplog.at_level(logging.WARNING):
        training = prepared(on_sqlite, job_id)
    assert training.restarted is not None
    assert why in training.restarted
    assert f"job {job_id}: starting from the beginning" in caplog.text
    assert why in caplog.text
    assert training.fitting.epochs_done == 0
    epochs, digest = finished(training)
    assert epochs == list(range(1, 13))
    assert digest == finished(prepared(on_sqlite, on_sqlite.queue(SPEC)))[1]


@pytest.mark.parametrize("prepare", [_damaged, _other_environment])
def test_the_events_of_a_job_have_the_reason_of_a_restart(on_sqlite: Trainings, prepare: Any) -> None:
    job_id = on_sqlite.queue(SPEC)
    prepare(on_sqlite, job_id)
    on_sqlite.world.expire(job_id)
    on_sqlite.attempts.run(job_id)
    world = on_sqlite.world
    assert world.row(job_id).state == "succeeded"
    assert [event for event, _ in world.events(job_id)] == [
        *("queued", "running", "queued", "running", "restarted", "succeeded")
    ]
    [data] = [row[4] for row in world.snapshot()["job_events"] if row[2] == "restarted"]
    assert data["epoch"] == 1
    assert data["reason"] == "its checkpoint is damaged" or "blas_kernel was another and is " in data["reason"]


def test_a_resumed_attempt_reports_no_restart(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(SPEC)
    interrupted(on_sqlite, job_id)
    assert prepared(on_sqlite, job_id).restarted is None


def test_a_dataset_whose_row_and_bytes_disagree_is_refused(on_sqlite: Trainings) -> None:
    other = make_trainings(on_sqlite.database, on_sqlite.settings, name="other", id_column="", rows=299)
    with pytest.raises(DatasetError, match="has 300 rows, not 299"):
        prepared(other, other.queue(SHORT))


def test_missing_bytes_are_an_error(on_sqlite: Trainings) -> None:
    job_id = on_sqlite.queue(SHORT)
    prepared(on_sqlite, job_id).data.open_table()[0].unlink()
    with pytest.raises(ArtifactError, match="cannot be read"):
        prepared(on_sqlite, job_id)


def test_activity_changes_within_a_long_epoch_and_not_between_calls(on_sqlite: Trainings) -> None:
    training = prepared(on_sqlite, on_sqlite.queue({**SLOW, "epochs": 3, "members": 1}))
    units = training.units()
    seen = set()
    epoch = Thread(target=lambda: next(units))
    epoch.start()
    while epoch.is_alive():
        seen.add(training.activity())
        time.sleep(0.01)
    assert len(seen) > 3
    still = set()
    for _ in range(20):
        still.add(training.activity())
        time.sleep(0.05)
    assert len(still) <= 2  # the measurement takes a little processor time


def test_an_epoch_has_figures_of_layers_as_valid_json(on_sqlite: Trainings) -> None:
    spec = {**SPEC, "epochs": 2}
    rows = list(epochs_of(prepared(on_sqlite, on_sqlite.queue(spec))))
    for row in rows:
        assert row.layers
        assert {"name", "gradient_norm", "update_ratio"} == row.layers[0].keys()
        assert json.loads(json.dumps(row.layers, allow_nan=False)) == row.layers
        assert row.dead_units is not None
        assert 0 <= row.dead_units <= 1
    assert all(layer["update_ratio"] is None or layer["update_ratio"] >= 0 for layer in rows[-1].layers or ())


def test_a_target_other_than_churn_is_refused_with_an_alternative(trainings: Trainings) -> None:
    job_id = trainings.queue({**SHORT, "loss": "squared_error"})
    with pytest.raises(SpecError, match="/loss: the service learns who churned"):
        prepared(trainings, job_id)
