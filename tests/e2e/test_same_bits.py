"""All ways of scoring give the same bits, and a replay of a version gives the same bytes."""

import csv
import io
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from ebb.client import Client
from ebb.customers import customers
from tests.e2e.running import EBB, Running, ebb_up, environment, wait_for

SPEC = {"layers": [8, 4], "epochs": 8, "optimizer": {"name": "adam", "learning_rate": 0.01}}
ROWS = 9_000  # more than two chunks of a job, and at most one request


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ebb_up(tmp_path_factory.mktemp("bits")) as running:
        with running.client() as client:
            table = customers(1_000, 1).to_csv().encode()
            dataset = client.upload_dataset(table, name="home", target="churned", id_column="customer_id")
            job = client.submit_training("churn", dataset.id, SPEC, promote="always")
            wait_for(lambda: client.job(job.id).finished, "the training")
        yield running


@pytest.fixture(scope="module")
def records() -> list[dict[str, object]]:
    """Customers with missing values, in random order."""
    drawn = customers(ROWS, 7).columns()
    rows = [dict(zip(drawn, values, strict=True)) for values in zip(*drawn.values(), strict=True)]
    rng = random.Random(0)
    rng.shuffle(rows)
    for row in rng.sample(rows, ROWS // 10):
        row[rng.choice(["months", "usage_hours", "support_tickets"])] = None
    return rows


def run(service: Running, *arguments: object) -> str:
    command = [str(EBB), *map(str, arguments)]
    done = subprocess.run(command, env=environment(service.home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_request(client: Client, records: list[dict[str, object]]) -> dict[object, float]:
    return {one.customer_id: one.churn_probability for one in client.score("churn", {"records": records}).scores}


def test_every_way_to_score_gives_the_same_bits(
    service: Running, records: list[dict[str, object]], tmp_path: Path
) -> None:
    with service.client() as client:
        expected = by_request(client, records)
        alone = [by_request(client, [record]) for record in records[:40]]
    assert len(expected) == ROWS
    assert all(expected[name] == value for one in alone for name, value in one.items())
    tables = {name: tmp_path / f"customers.{name}" for name in ("csv", "ndjson", "parquet")}
    names = list(records[0])
    with tables["csv"].open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(records)
    tables["ndjson"].write_text("".join(json.dumps(record) + "\n" for record in records))
    pyarrow.parquet.write_table(pa.Table.from_pylist(records), tables["parquet"])
    for kind, table in tables.items():
        for way in ((), ("--via-job",)):
            out = tmp_path / f"scored-{kind}{'-job' * len(way)}.csv"
            assert f"scored {ROWS:,} of {ROWS:,} customers" in run(service, "score", table, "--out", out, *way)
            scored = list(csv.DictReader(io.StringIO(out.read_text())))
            assert [row["customer_id"] for row in scored] == [record["customer_id"] for record in records]
            assert {row["customer_id"]: float(row["churn_probability"]) for row in scored} == expected, (kind, way)


def test_a_result_is_downloaded_again_by_its_job(service: Running, tmp_path: Path) -> None:
    table = tmp_path / "customers.csv"
    table.write_text(customers(50, 3).to_csv())
    run(service, "score", table, "--out", tmp_path / "first.ndjson", "--via-job", "--explain", "2")
    with service.client() as client:
        job = next(client.jobs(kind=["scoring"]))
    run(service, "jobs", "result", job.id, "--out", tmp_path / "again.ndjson")
    first = (tmp_path / "first.ndjson").read_bytes()
    assert (tmp_path / "again.ndjson").read_bytes() == first
    lines = [json.loads(line) for line in first.splitlines()]
    assert len(lines) == 50
    assert all(len(line["reasons"]) == 2 for line in lines)


def test_a_version_replays_to_the_same_bytes(service: Running) -> None:
    assert "the same bytes" in run(service, "versions", "replay", "churn", 1)
    with service.client() as client:
        assert len(list(client.versions("churn"))) == 1
