"""A scoring job writes one file, with the same bytes after any crash, and reports its counts."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet
import pytest

from ebb.customers import customers
from model.estimator import Estimator
from model.outputs import OUTPUTS, Layout
from model.outputs.writing import write_scores
from model.scoring import score_file
from store.clock import now
from store.registry.versions import load_estimator
from tests.worker.trainings import CSV, SHORT, Trainings, make_trainings, trainings_with, wait_for

TABLE = customers(30_000, seed=2).to_csv().encode()


@pytest.fixture
def scorable(trainings: Trainings) -> Trainings:
    return _scorable(trainings, TABLE)


@pytest.fixture
def scorable_on_sqlite(on_sqlite: Trainings) -> Trainings:
    return _scorable(on_sqlite, TABLE)


def _scorable(trainings: Trainings, table: bytes) -> Trainings:
    assert trainings.train(SHORT).state == "succeeded"
    return make_trainings(trainings.database, trainings.settings, table)


def queue(trainings: Trainings, output: str = "csv", explain: int = 0, **more: Any) -> str:
    return trainings.world.queue(kind="scoring", params={"version": 1, "output": output, "explain": explain, **more})


def score(trainings: Trainings, output: str = "csv", explain: int = 0, **more: Any) -> tuple[Any, bytes]:
    job_id = queue(trainings, output, explain, **more)
    trainings.attempts.run(job_id)
    row = trainings.world.row(job_id)
    assert row.state == "succeeded", row.error_text
    return row, result(trainings, row)


def result(trainings: Trainings, row: Any) -> bytes:
    sha256 = row.result["sha256"]
    data = (trainings.settings.artifacts / sha256[:2] / sha256).read_bytes()
    assert len(data) == row.result["bytes"]
    return data


def estimator(trainings: Trainings) -> Estimator:
    with trainings.database.read() as connection:
        return Estimator.from_bytes(load_estimator(connection, "churn", 1))


def undisturbed(trainings: Trainings, output: str, explain: int) -> bytes:
    by, out = estimator(trainings), io.BytesIO()
    write_scores(by, score_file(by, io.BytesIO(TABLE), "csv", explain), OUTPUTS[output](Layout.of(by, explain)), out)
    return out.getvalue()


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_direction_keeps_only_reasons_in_this_direction(scorable: Trainings, output: str) -> None:
    _, data = score(scorable, output, explain=4, direction="raising")
    if output == "parquet":
        by_row = [reasons for reasons in pyarrow.parquet.read_table(io.BytesIO(data))["reasons"].to_pylist() if reasons]
        found = [reason["contribution"] for reasons in by_row for reason in reasons]
    elif output == "ndjson":
        found = [r["contribution"] for line in data.splitlines() for r in json.loads(line).get("reasons", ())]
    else:
        lines = list(csv.DictReader(io.StringIO(data.decode())))
        cells = [line[f"reason_{place}_contribution"] for line in lines for place in range(1, 5)]
        found = [float(cell) for cell in cells if cell]
        assert "" in cells
    assert len(found) > 30_000
    assert min(found) > 0


@pytest.mark.parametrize(("output", "explain"), [("csv", 2), ("ndjson", 0), ("parquet", 1)])
def test_a_table_is_scored_to_the_bytes_of_the_command_line(scorable: Trainings, output: str, explain: int) -> None:
    row, data = score(scorable, output, explain)
    assert data == undisturbed(scorable, output, explain)
    assert (row.progress_done, row.progress_total, row.progress_unit) == (30_000, 30_000, "rows")
    told = ("model", "version", "rows", "errors", "unseen", "imputed", "ignored")
    assert {name: row.result[name] for name in told} == {
        "model": "churn",
        "version": 1,
        "rows": 30_000,
        "errors": 0,
        "unseen": {},
        "imputed": {},
        "ignored": [],
    }


def test_unknown_columns_and_missing_values_are_counted(on_sqlite: Trainings) -> None:
    row, _ = score(_scorable(on_sqlite, CSV.replace(b"months", b"monts", 1)))
    assert (row.result["ignored"], row.result["imputed"]) == (["monts"], {"months": row.result["rows"]})


def test_a_call_list_has_the_most_profitable_customers_who_have_not_left(scorable_on_sqlite: Trainings) -> None:
    asked = {"customer_value": 200, "value_column": None, "value_times": 1, "offer_cost": 10, "contact_cost": 1}
    limits = {"acceptance": 0.3, "budget": None, "capacity": 25, "with_churned": False}
    wanted: Any = {**asked, **limits}
    row, data = score(scorable_on_sqlite, "ndjson", explain=2, call_list=wanted)
    lines = [json.loads(line) for line in data.splitlines()]
    told = row.result["call_list"]
    assert len(lines) == told["customers"] == 25
    assert {line["customer"]["churned"] for line in lines} == {"no"}
    assert told["churned"] == TABLE.count(b",yes\n")
    profits = [line["expected_profit"] for line in lines]
    assert profits == sorted(profits, reverse=True)
    assert sum(profits) == pytest.approx(told["expected_profit"])
    assert (row.progress_done, row.progress_total) == (30_000, 30_000)
    everybody, _ = score(scorable_on_sqlite, "ndjson", explain=2, call_list=wanted | {"with_churned": True})
    assert everybody.result["call_list"]["churned"] == 0
    assert everybody.result["call_list"]["expected_profit"] > told["expected_profit"]


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]


@pytest.mark.parametrize("output", ["csv", "parquet"])
def test_a_scoring_killed_half_way_ends_once_with_the_same_bytes(scorable: Trainings, output: str) -> None:
    world, job_id = scorable.world, queue(scorable, output, explain=4)
    with scorable.running(job_id) as process:
        wait_for(lambda: _half_way(scorable, job_id), "some rows")
        process.kill()
    assert (world.row(job_id).state, world.row(job_id).strikes) == ("queued", 1)
    assert left_over(scorable.settings.artifacts) == []
    world.alter(job_id, run_after=now())
    scorable.attempts.run(job_id)
    row = world.row(job_id)
    assert (row.state, row.token) == ("succeeded", 2), row.error_text
    assert result(scorable, row) == undisturbed(scorable, output, 4)
    assert left_over(scorable.settings.artifacts) == []


def _half_way(trainings: Trainings, job_id: str) -> bool:
    """Tell whether the file exists. The database knows it a little later."""
    return any(path.stat().st_size for path in left_over(trainings.settings.artifacts))


def test_a_scoring_that_is_cancelled_leaves_no_file(trainings: Trainings) -> None:
    long = _scorable(trainings, customers(200_000, seed=4).to_csv().encode())
    job_id = queue(long, explain=4)
    with long.running(job_id):
        wait_for(lambda: _half_way(long, job_id), "some rows")
        long.world.cancel(job_id)
    assert long.world.row(job_id).state == "cancelled"
    assert left_over(long.settings.artifacts) == []


def test_a_stopping_worker_hands_its_scoring_back_without_a_strike(scorable_on_sqlite: Trainings) -> None:
    job_id = queue(scorable_on_sqlite, explain=4)
    with scorable_on_sqlite.running(job_id):
        wait_for(lambda: _half_way(scorable_on_sqlite, job_id), "some rows")
        scorable_on_sqlite.attempts.stop()
    row = scorable_on_sqlite.world.row(job_id)
    assert (row.state, row.strikes) == ("queued", 0)
    assert left_over(scorable_on_sqlite.settings.artifacts) == []


def test_invalid_rows_have_errors_and_the_others_have_scores(on_sqlite: Trainings) -> None:
    head, first, second, *_ = CSV.decode().splitlines()
    bad = second.split(",")
    bad[head.split(",").index("months")] = "three"
    spoilt = "\n".join([head, first, ",".join(bad), "=1+1" + first[first.index(",") :], "x" * 300 + first]) + "\n"
    row, data = score(_scorable(on_sqlite, spoilt.encode()))
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert (row.result["rows"], row.result["errors"]) == (4, 2)
    assert row.result["first_error"].startswith("row 2: column 'months': 'three' is not a number")
    assert [bool(one["error"]) for one in rows] == [False, True, False, True]
    assert "column 'months': 'three' is not a number" in rows[1]["error"]
    assert rows[1]["churn_probability"] == ""
    assert rows[2]["customer_id"] == "'=1+1"
    assert rows[2]["churn_probability"] == rows[0]["churn_probability"]
    assert "at most 256 characters" in rows[3]["error"]


def test_every_format_has_the_same_numbers(scorable_on_sqlite: Trainings) -> None:
    files = {output: score(scorable_on_sqlite, output, 2)[1] for output in OUTPUTS}
    table = pyarrow.parquet.read_table(io.BytesIO(files["parquet"])).to_pylist()
    lines = [json.loads(line) for line in files["ndjson"].splitlines()]
    cells = list(csv.DictReader(io.StringIO(files["csv"].decode())))
    assert len(table) == len(lines) == len(cells) == 30_000
    for one, line, row in zip(table, lines, cells, strict=True):
        assert one["customer_id"] == line["customer_id"] == row["customer_id"]
        assert one["churn_probability"] == line["churn_probability"] == float(row["churn_probability"])
        assert [r["contribution"] for r in one["reasons"]] == [r["contribution"] for r in line["reasons"]]
        assert one["gap"] == line["gap"] == float(row["gap"])
        assert abs(one["gap"]) < 1e-12
        assert [r["column"] for r in line["reasons"]] == [row["reason_1_column"], row["reason_2_column"]]


def test_a_table_without_the_columns_of_the_version_fails_with_a_message(on_sqlite: Trainings) -> None:
    strange = make_trainings(_scorable(on_sqlite, b"a,b\n1,2\n").database, on_sqlite.settings, b"a,b\n1,2\n")
    job_id = queue(strange)
    strange.attempts.run(job_id)
    row = strange.world.row(job_id)
    assert (row.state, row.error_code, row.strikes) == ("failed", "table", 0)
    assert "none of the columns that training saw" in row.error_text


def test_a_table_with_an_invalid_row_fails_with_the_line(on_sqlite: Trainings) -> None:
    broken = _scorable(on_sqlite, CSV + b"1,2\n")
    job_id = queue(broken)
    broken.attempts.run(job_id)
    row = broken.world.row(job_id)
    assert (row.state, row.error_code) == ("failed", "table")
    assert "cells where the header has" in row.error_text
    assert left_over(broken.settings.artifacts) == []


def test_a_result_beyond_the_file_limit_fails_and_leaves_no_file(on_sqlite: Trainings) -> None:
    limited = _scorable(on_sqlite, TABLE)
    small = make_trainings(limited.database, replace(limited.settings, training_file_bytes=4 * 2**20), TABLE)
    job_id = queue(small, "ndjson", explain=4)
    small.attempts.run(job_id)
    row = small.world.row(job_id)
    assert (row.state, row.error_code) == ("failed", "file_limit")
    assert "EBB_TRAINING_FILE_BYTES" in row.error_text
    assert left_over(small.settings.artifacts) == []


def test_scoring_takes_little_memory(on_sqlite: Trainings) -> None:
    big = _scorable(on_sqlite, customers(300_000, seed=3).to_csv().encode())
    peak, job_id = 0, queue(big)
    with big.running(job_id) as process:
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            try:
                peak = max(peak, process.memory_info().rss)
            except psutil.NoSuchProcess:
                break
    assert big.world.row(job_id).state == "succeeded"
    assert 0 < peak < 400 * 2**20


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"free_bytes": 2**60}, "disk_full", "are kept free (EBB_FREE_BYTES)"),
        ({"stored_bytes": 1_000_000}, "quota", "and may store 1,000,000"),
    ],
)
def test_a_result_without_disk_space_fails_the_job_and_leaves_no_file(
    scorable_on_sqlite: Trainings, changed: dict[str, int], code: str, said: str
) -> None:
    world, settings = scorable_on_sqlite.world, scorable_on_sqlite.settings
    narrow = trainings_with(world, replace(settings, **changed))
    before = sorted(path.name for path in settings.artifacts.rglob("*"))
    job_id = queue(narrow)
    narrow.attempts.run(job_id)
    row = world.row(job_id)
    assert (row.state, row.error_code, row.strikes) == ("failed", code, 0)
    assert said in row.error_text
    assert sorted(path.name for path in settings.artifacts.rglob("*")) == before
