"""Any scoring request takes processor time and memory in proportion to its bytes."""

import gc
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.app.mixed import train_wide

SCORE = "/v1/models/churn/score"
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"

# A generous limit: requests take at most a third of it. Quadratic work takes many times as much.
SECONDS, SECONDS_A_BYTE = 1.0, 2e-6
MEMORY, MEMORY_A_BYTE = 30_000_000, 150
REFUSAL = 200_000  # bytes of an answer that lists faults, whatever the body's

CELLS = ["1", "null", "NaN", '"x"', "{}", "[[]]", "[" * 20, "9" * 400, "9" * 5_000, "1e999"]

pytestmark = pytest.mark.usefixtures("champion")


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens after the estimator is loaded."""
    return sqlite_file


@dataclass(frozen=True)
class Shape:
    """A body: the number and length of names in a record, the bytes in total, and the cells."""

    names: int
    length: int
    size: int
    cell: str
    known: bool  # the first name is a column of the estimator
    own: bool  # each record has its own names, if the format has names in records
    twice: bool  # the last name comes twice
    rows: int = 10_000  # the limit of a request

    def named(self, row: int) -> list[str]:
        first = row * self.names if self.own else 0
        names = [f"{first + i:x}".rjust(self.length, "k") for i in range(self.names)]
        if self.known:
            names[0] = "months"
        return [*names, names[-1]] if self.twice else names

    def records(self) -> list[str]:
        """Return records as JSON, at least one, as many as fit."""
        told, size = [], 0
        for row in range(self.rows):
            told.append("{" + ",".join(f'"{name}":{self.cell}' for name in self.named(row)) + "}")
            size += len(told[-1]) + 1
            if size + len(told[-1]) >= self.size:
                break
        return told

    def of_records(self) -> str:
        return '{"records":[' + ",".join(self.records()) + "]}"

    def of_lines(self) -> str:
        return "\n".join(self.records())

    def of_columns(self) -> str:
        names = self.named(0)
        rows = max(1, min(self.rows, (self.size - sum(map(len, names))) // (len(names) * (len(self.cell) + 1))))
        values = "[" + ",".join([self.cell] * rows) + "]"
        return '{"columns":{' + ",".join(f'"{name}":{values}' for name in names) + "}}"

    def of_csv(self) -> str:
        names = self.named(0)
        line = ",".join([self.cell.replace('"', "")] * (1 if self.own else len(names)))  # ragged, with own names
        rows = max(1, min(self.rows, (self.size - sum(map(len, names))) // (len(line) + 1)))
        return "\n".join([",".join(names), *[line] * rows])


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Draw a shape in which the names of a record take at most half of the bytes."""
    size = draw(st.sampled_from([100_000, 900_000]))
    length = draw(st.sampled_from([1, 20, 250, 3_000, 100_000, 400_000]))
    cell = draw(st.sampled_from(CELLS))
    most = max(1, size // 2 // (length + len(cell) + 8))
    names = min(most, draw(st.sampled_from([1, 2, 10, 30, 1_000, 9_000, 60_000])))
    rows = draw(st.sampled_from([10_000, 10_000, 1_000_000]))
    return Shape(names, length, size, cell, draw(st.booleans()), draw(st.booleans()), draw(st.booleans()), rows)


BODIES = {"records": (Shape.of_records, JSON), "columns": (Shape.of_columns, JSON), "lines": (Shape.of_lines, NDJSON)}
BODIES["csv"] = (Shape.of_csv, CSV)

ATTACKS = [
    (Shape(60_000, 1, 400_000, "1", known=False, own=False, twice=False), "csv"),
    (Shape(9_000, 5, 70_000, "1", known=False, own=True, twice=False), "csv"),
    (Shape(10, 4, 150_000, "1", known=False, own=True, twice=False), "records"),
    (Shape(10, 4, 150_000, "1", known=False, own=True, twice=False), "lines"),
    (Shape(1, 100_000, 200_000, "1", known=False, own=False, twice=False), "columns"),
    (Shape(1, 250_000, 1_000_000, "1", known=False, own=False, twice=True, rows=1_000_000), "columns"),
]


def check_bounded(client: FlaskClient, path: str, body: bytes, kind: str) -> None:
    """Post the body twice, because tracing memory takes processor time."""
    gc.collect()
    begun = time.process_time()
    assert client.post(path, data=body, content_type=kind).status_code < 500
    assert time.process_time() - begun <= SECONDS + SECONDS_A_BYTE * len(body)
    tracemalloc.start()
    try:
        answer = client.post(path, data=body, content_type=kind)
        assert tracemalloc.get_traced_memory()[1] <= MEMORY + MEMORY_A_BYTE * len(body)
    finally:
        tracemalloc.stop()
    refused = answer.status_code >= 400
    assert len(answer.data) <= (REFUSAL if refused else MEMORY + 10 * len(body))


@pytest.mark.parametrize(("shape", "form"), ATTACKS)
def test_bodies_that_took_minutes_and_gigabytes_are_refused_at_once(
    client: FlaskClient, shape: Shape, form: str
) -> None:
    write, kind = BODIES[form]
    check_bounded(client, SCORE, write(shape).encode(), kind)


def test_lines_that_are_not_json_take_little_more_than_lines_that_are(client: FlaskClient) -> None:
    """To find the faults of all of them took twice as long."""

    def seconds(line: bytes) -> float:
        body, spent = b"\n".join([line] * 10_000), []
        for _ in range(2):
            begun = time.process_time()
            assert client.post(SCORE, data=body, content_type=NDJSON).status_code == 422
            spent.append(time.process_time() - begun)
        return min(spent)

    assert seconds(b"[" * 800) <= 4 * seconds(b'{"a":[' + b"1," * 800 + b"1]}")


@pytest.mark.parametrize("line", [b"", b"xx", b"{}"])
def test_lines_beyond_the_most_records_take_no_memory_of_their_own(client: FlaskClient, line: bytes) -> None:
    body = (line + b"\n") * 2_000_000 + b"{}"
    tracemalloc.start()
    try:
        answer = client.post(SCORE, data=body, content_type=NDJSON)
        assert tracemalloc.get_traced_memory()[1] <= MEMORY + 2 * len(body)
    finally:
        tracemalloc.stop()
    assert answer.status_code == (413 if line else 200)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes(), st.sampled_from(sorted(BODIES)))
def test_the_cost_of_a_scoring_request_is_proportional_to_its_bytes(
    client: FlaskClient, shape: Shape, form: str
) -> None:
    write, kind = BODIES[form]
    check_bounded(client, SCORE, write(shape).encode(), kind)


def test_an_estimator_of_many_columns_gets_small_chunks(client: FlaskClient, add_version: Callable[..., int]) -> None:
    version = add_version("churn", train_wide(columns=300))
    body = b'{"records":[' + b",".join([b"{}"] * 10_000) + b"]}"
    check_bounded(client, f"{SCORE}?version={version}", body, JSON)


def test_an_answer_has_at_most_a_million_reasons(client: FlaskClient, add_version: Callable[..., int]) -> None:
    version = add_version("churn", train_wide(columns=101))
    fits, beyond = ({"records": [{}] * n, "explain": 1_000} for n in (9, 9_901))
    assert client.post(f"{SCORE}?version={version}", json=fits).status_code == 200
    answer = client.post(f"{SCORE}?version={version}", json=beyond)
    assert answer.status_code == 413
    assert "1,000,000" in answer.json["detail"]


def test_reasons_that_would_take_too_long_are_refused_before_the_answer_is_late(make_app: Callable[..., Flask]) -> None:
    client = make_app(answer_seconds=0.05).test_client()
    answer = client.post(SCORE, json={"records": [{"months": 3}] * 10_000, "explain": 3})
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert "send at most" in answer.json["detail"]
    assert client.post(SCORE, json={"records": [{"months": 3}] * 1_000}).status_code == 200


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(Shape(9_000, 1, 100_000, "1", known=False, own=False, twice=False), "columns.long")
@example(Shape(60_000, 1, 400_000, "1", known=False, own=False, twice=False), "")
@given(shapes(), st.sampled_from(["", "columns", "columns.long", "class_weight", "layers", "optimizer"]))
def test_the_cost_of_a_training_request_is_proportional_to_its_bytes(
    client: FlaskClient, shape: Shape, where: str
) -> None:
    spec = "[" + ",".join(shape.records()) + "]" if where == "layers" else shape.records()[0]
    for name in reversed(where.split(".") if where else []):
        spec = f'{{"{"k" * 100_000 if name == "long" else name}":{spec}}}'
    body = f'{{"model":"churn","dataset":"{uuid4()}","spec":{spec}}}'
    check_bounded(client, "/v1/jobs/training", body.encode(), JSON)
