"""An evaluation scores a labelled dataset by a version and reports how good it is."""

from typing import Any

import pytest

from ebb.customers import customers
from model.campaign import Economics
from model.estimator import Estimator
from model.evaluation.labelled_rows import evaluate_labelled, joined, read_labelled
from store.artifacts import ArtifactStore
from store.clock import now
from store.datasets import NewDataset, add_dataset
from store.registry.versions import load_estimator
from tests.worker.trainings import SHORT, Trainings, wait_for

ECONOMICS = {"customer_value": 100.0, "offer_cost": 5.0, "contact_cost": 1.0, "acceptance": 0.5}
FRESH = customers(9_000, seed=7).to_csv()


def add(trainings: Trainings, table: str) -> str:
    """Store a table like an upload, and return the id of its dataset."""
    artifact = ArtifactStore(trainings.settings.artifacts).put([table.encode()])
    schema: dict[str, Any] = {"columns": [], "warnings": [], "target": None}
    new = NewDataset("fresh", "text/csv", "churned", "customer_id", table.count("\n") - 1, schema)
    return trainings.database.write(lambda connection: add_dataset(connection, artifact, new))[0]


def queue(trainings: Trainings, dataset_id: str) -> str:
    params = {"version": 1, "economics": ECONOMICS}
    return trainings.world.queue(kind="evaluation", params=params, dataset_id=dataset_id)


def evaluated(trainings: Trainings, table: str) -> Any:
    job_id = queue(trainings, add(trainings, table))
    trainings.attempts.run(job_id)
    return trainings.world.row(job_id)


def undisturbed(trainings: Trainings, table: str) -> dict[str, Any]:
    """Return the report that the version gives without a worker."""
    with trainings.database.read() as connection:
        estimator = Estimator.from_bytes(load_estimator(connection, "churn", 1))
    path = trainings.settings.artifacts / "table.csv"
    path.write_text(table)
    labelled = joined(list(read_labelled(estimator, path, "csv")))
    return evaluate_labelled(labelled, Economics(**ECONOMICS), 0)


def test_an_evaluation_reports_on_every_labelled_row_and_makes_no_version(trainings: Trainings) -> None:
    assert trainings.train(SHORT).state == "succeeded"
    before = trainings.world.snapshot()["versions"]
    row = evaluated(trainings, FRESH)
    assert row.state == "succeeded", row.error_text
    result = row.result
    assert (result["model"], result["version"], result["dataset"]) == ("churn", 1, row.dataset_id)
    assert (result["rows"], result["unlabelled"], result["errors"]) == (9_000, 0, 0)
    assert result["report"] == undisturbed(trainings, FRESH)
    assert result["report"]["profit"]["economics"] == ECONOMICS
    assert result["report"]["held_out"] == "dataset"
    assert (row.progress_done, row.progress_total) == (9_000, 9_000)
    assert trainings.world.snapshot()["versions"] == before


def test_rows_without_an_outcome_or_with_a_wrong_value_are_counted_and_left_out(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    lines = FRESH.splitlines()[:1_001]
    lines[3] = lines[3].rpartition(",")[0] + ","
    cells = lines[5].split(",")
    lines[5] = ",".join([cells[0], "many", *cells[2:]])
    row = evaluated(on_sqlite, "\n".join(lines) + "\n")
    assert row.state == "succeeded", row.error_text
    assert (row.result["rows"], row.result["unlabelled"], row.result["errors"]) == (1_000, 1, 1)
    assert row.result["report"]["rows"] == 998


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [lines[0], *(line for line in lines[1:] if line.endswith("no"))], "not both outcomes are among"),
        (lambda lines: [*lines, lines[-1].rpartition(",")[0] + ",perhaps"], "'perhaps' in row 101"),
    ],
)
def test_a_table_that_cannot_be_evaluated_fails_with_the_reason(on_sqlite: Trainings, change: Any, said: str) -> None:
    on_sqlite.train(SHORT)
    row = evaluated(on_sqlite, "\n".join(change(FRESH.splitlines()[:101])) + "\n")
    assert row.state == "failed"
    assert said in row.error_text


def test_an_evaluation_that_was_killed_starts_again_and_reports_the_same(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    many = customers(60_000, seed=7).to_csv()
    world, job_id = on_sqlite.world, queue(on_sqlite, add(on_sqlite, many))
    with on_sqlite.running(job_id) as process:
        wait_for(lambda: world.row(job_id).progress_done, "the first rows")
        process.kill()
    if world.row(job_id).state == "succeeded":
        pytest.fail("the evaluation was over before it could be killed")
    world.alter(job_id, run_after=now())
    on_sqlite.attempts.run(job_id)
    row = world.row(job_id)
    assert row.state == "succeeded", row.error_text
    assert row.result["report"] == undisturbed(on_sqlite, many)
