"""A training that cannot succeed fails at once, with a code and a message."""

import time
from dataclasses import replace

import pytest

from ebb.customers import customers
from tests.worker.outages import outage
from tests.worker.trainings import CSV, SHORT, Trainings, make_trainings, wait_for


def test_a_table_of_one_outcome_fails_the_job(on_sqlite: Trainings) -> None:
    head, *rows = customers(300, seed=1).to_csv().splitlines()
    stayed = "\n".join([head, *(row for row in rows if row.endswith(",no"))]) + "\n"
    row = make_trainings(on_sqlite.database, on_sqlite.settings, stayed.encode()).train(SHORT)
    assert (row.state, row.error_code, row.strikes) == ("failed", "table", 0)
    assert "stayed: an estimator needs customers of both outcomes" in row.error_text


def test_a_column_of_the_spec_that_is_not_there_fails_the_job(on_sqlite: Trainings) -> None:
    row = on_sqlite.train({**SHORT, "columns": {"shoe_size": {"drop": True}}})
    assert (row.state, row.error_code, row.strikes) == ("failed", "spec", 0)
    assert "the table has no input column 'shoe_size'" in row.error_text


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_dataset_without_its_bytes_fails_the_job(on_sqlite: Trainings, damage: str) -> None:
    job_id = on_sqlite.queue(SHORT)
    [path] = [path for path in on_sqlite.settings.artifacts.rglob("*") if path.is_file()]
    path.unlink()
    if damage == "changed":
        path.write_bytes(CSV + b"\n")
    on_sqlite.attempts.run(job_id)
    row = on_sqlite.world.row(job_id)
    assert (row.state, row.error_code, row.strikes) == ("failed", "artifact", 0)
    assert row.error_text.startswith(f"artifact {path.name}")


def test_a_dataset_of_another_size_fails_the_job(on_sqlite: Trainings) -> None:
    row = make_trainings(on_sqlite.database, on_sqlite.settings, id_column="", rows=299).train(SHORT)
    assert (row.state, row.error_code, row.strikes) == ("failed", "dataset", 0)
    assert "has 300 rows, not 299" in row.error_text


def test_a_training_that_diverges_fails_and_names_epoch_and_step(trainings: Trainings) -> None:
    spec = {"optimizer": {"name": "sgd", "learning_rate": 1e6}, "schedule": {"name": "constant"}, "epochs": 50}
    row = trainings.train({**spec, "retry_diverged": False, "clip_norm": None})
    assert (row.state, row.error_code, row.strikes) == ("failed", "diverged", 0)
    assert "training diverged in epoch " in row.error_text
    assert " at step " in row.error_text
    assert "lower optimizer.learning_rate" in row.error_text


def test_a_training_whose_checkpoint_could_not_be_stored_fails_before_it_begins(on_sqlite: Trainings) -> None:
    row = on_sqlite.train({**SHORT, "layers": [9990, 9990]})
    assert (row.state, row.error_code, row.strikes) == ("failed", "spec", 0)
    assert "a job can store 135 MB: lower the units of layers" in row.error_text


def test_a_training_beyond_its_memory_fails_at_once_and_a_smaller_one_succeeds(on_sqlite: Trainings) -> None:
    settings = replace(on_sqlite.settings, training_bytes=2**28)
    small = make_trainings(on_sqlite.database, settings)
    row = small.train({**SHORT, "layers": [2000, 2000]})
    assert (row.state, row.error_code, row.strikes) == ("failed", "spec", 0)
    assert "of memory, " in row.error_text
    assert "and may take 269 MB: lower the units of layers" in row.error_text
    row = small.train(SHORT)
    assert (row.state, row.error_text) == ("succeeded", None)


def test_a_database_outage_at_the_start_costs_no_strike(trainings: Trainings) -> None:
    """The process starts during the outage, and waits."""
    world, job_id = trainings.world, trainings.queue({**SHORT, "epochs": 3000, "early_stopping": None})
    with trainings.running(job_id):
        with outage(trainings.database):
            time.sleep(4)
        wait_for(lambda: world.row(job_id).state != "running", "the end")
    row = world.row(job_id)
    assert (row.state, row.strikes, row.token) == ("succeeded", 0, 1), row.error_text
    assert trainings.epochs(job_id) == list(range(1, 3001))
