"""An evaluation scores a labelled dataset by a version and reports how good it is."""

from typing import Any

import pytest
from sqlalchemy import update

from ebb.customers import customers
from model.campaign import Economics
from model.evaluation.labelled_rows import evaluate_labelled, joined, read_labelled
from store.artifacts import ArtifactStore
from store.clock import now
from store.datasets import NewDataset, add_dataset
from store.registry.versions import get_version
from store.tables import datasets
from store.tables.registry_tables import versions
from tests.worker.trainings import CSV, SHORT, Trainings, wait_for
from worker.promotion import load_contender

ECONOMICS = {"customer_value": 100.0, "offer_cost": 5.0, "contact_cost": 1.0, "acceptance": 0.5}
FRESH = customers(9_000, seed=7).to_csv().replace("\nc-", "\nd-")  # of other customers than the training


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
    path = trainings.settings.artifacts / "table.csv"
    path.write_text(table)
    version = load_contender(trainings.database, ArtifactStore(trainings.settings.artifacts), "churn", 1)
    labelled = joined(list(read_labelled(version, None, path, "csv")))
    return evaluate_labelled(labelled, Economics(**ECONOMICS), 0)


def test_an_evaluation_reports_on_every_labelled_row_and_makes_no_version(trainings: Trainings) -> None:
    assert trainings.train(SHORT).state == "succeeded"
    before = trainings.world.snapshot()["versions"]
    row = evaluated(trainings, FRESH)
    assert row.state == "succeeded", row.error_text
    result = row.result
    assert (result["model"], result["version"], result["dataset"]) == ("churn", 1, row.dataset_id)
    assert [result[name] for name in ("rows", "unlabelled", "errors", "seen")] == [9_000, 0, 0, 0]
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


def test_rows_that_the_version_has_seen_are_counted_and_left_out(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    both = CSV.decode() + "\n".join(FRESH.splitlines()[1:501]) + "\n"
    row = evaluated(on_sqlite, both)
    assert row.state == "succeeded", row.error_text
    assert (row.result["rows"], row.result["seen"], row.result["report"]["rows"]) == (800, 300, 500)
    only = evaluated(on_sqlite, CSV.decode())
    assert only.state == "failed"
    assert "(300 were seen in training, " in only.error_text


def test_the_champion_is_beside_another_version_on_rows_that_neither_has_seen(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    on_sqlite.train({**SHORT, "seed": 5}, promote="always")
    found = evaluated(on_sqlite, FRESH).result["report"]["beside"]["champion"]
    assert (found["version"], found["rows"]) == (2, 9_000)
    assert found["log_loss"] != found["version_log_loss"]
    assert found["difference"]["value"] == pytest.approx(found["log_loss"] - found["version_log_loss"], abs=2e-6)


def test_a_champion_that_cannot_be_read_has_a_note_in_the_report(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    on_sqlite.train({**SHORT, "seed": 5}, promote="always")
    on_sqlite.database.write(lambda c: c.execute(update(versions).where(versions.c.version == 2).values(estimator=b"")))
    row = evaluated(on_sqlite, FRESH)
    assert row.state == "succeeded", row.error_text
    found = row.result["report"]["beside"]["champion"]
    assert found["version"] == 2
    assert found["note"].startswith("it cannot be compared with: ")


def test_a_new_version_is_told_beside_the_champion(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT, promote="always")
    on_sqlite.train({**SHORT, "seed": 5})
    on_sqlite.attempts.run(on_sqlite.queue(SHORT, dataset_id=add(on_sqlite, FRESH)))
    first, same, fresh = (beside(on_sqlite, version) for version in (1, 2, 3))
    assert "champion" not in first
    assert (same["champion"]["version"], same["champion"]["rows"]) == (1, 0)
    assert same["champion"]["note"].startswith("cannot tell")
    assert (fresh["champion"]["version"], fresh["champion"]["rows"]) == (1, 1_800)
    assert fresh["champion"]["difference"]["low"] <= fresh["champion"]["difference"]["high"]


def beside(trainings: Trainings, version: int) -> dict[str, Any]:
    with trainings.database.read() as connection:
        found: dict[str, Any] = get_version(connection, "churn", version).metrics["evaluation"]["beside"]
    return found


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


def test_an_evaluation_that_needs_too_much_memory_fails_before_it_reads_the_table(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    job_id = queue(on_sqlite, add(on_sqlite, FRESH))
    on_sqlite.database.write(lambda connection: connection.execute(datasets.update().values(rows=2**31 - 1)))
    on_sqlite.attempts.run(job_id)
    row = on_sqlite.world.row(job_id)
    assert row.state == "failed"
    assert "evaluating 2,147,483,647 rows of 4 columns needs about" in row.error_text


def test_an_evaluation_that_was_killed_starts_again_and_reports_the_same(on_sqlite: Trainings) -> None:
    on_sqlite.train(SHORT)
    many = customers(60_000, seed=7).to_csv().replace("\nc-", "\nd-")
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
