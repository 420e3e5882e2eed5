"""A scoring request takes processor time and memory in proportion to its bytes, whatever its shape."""

import gc
import time
import tracemalloc
from dataclasses import dataclass
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

SCORE = "/v1/models/churn/score"
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
MOST_BYTES = 1_000_000

# Generous: ordinary requests take a fifth of it. What grows with the square of the bytes takes a hundred times as much.
SECONDS, SECONDS_A_BYTE = 1.0, 2e-6
MEMORY, MEMORY_A_BYTE = 30_000_000, 150

pytestmark = pytest.mark.usefixtures("champion")


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens after the estimator is loaded."""
    return sqlite_file


@dataclass(frozen=True)
class Shape:
    """A body: how many names of which length a record has, how many bytes in all, and what its cells hold."""

    names: int
    length: int
    size: int
    cell: str
    known: bool  # the first name is a column of the estimator
    own: bool  # each record has names of its own, where the format has names in records
    twice: bool  # the last name comes twice

    def named(self, row: int) -> list[str]:
        first = row * self.names if self.own else 0
        names = [f"{first + i:x}".rjust(self.length, "k") for i in range(self.names)]
        if self.known:
            names[0] = "months"
        return [*names, names[-1]] if self.twice else names

    def records(self) -> list[str]:
        """Records as JSON, one at least, as many as fit."""
        told, size = [], 0
        for row in range(self.size):
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
        rows = max(1, (self.size - sum(map(len, names))) // (len(names) * (len(self.cell) + 1)))
        values = "[" + ",".join([self.cell] * rows) + "]"
        return '{"columns":{' + ",".join(f'"{name}":{values}' for name in names) + "}}"

    def of_csv(self) -> str:
        names = self.named(0)
        line = ",".join([self.cell.replace('"', "")] * (1 if self.own else len(names)))  # ragged, where it is own
        rows = max(1, (self.size - sum(map(len, names))) // (len(line) + 1))
        return "\n".join([",".join(names), *[line] * rows])


SHAPES = st.builds(
    Shape,
    names=st.sampled_from([1, 2, 30, 1_000, 9_000, 60_000]),
    length=st.sampled_from([1, 20, 250, 3_000, 100_000, 400_000]),
    size=st.sampled_from([10_000, 100_000, 500_000]),
    cell=st.sampled_from(["1", "null", "NaN", '"x"', "{}", "[[]]", "[" * 20, "9" * 400, "9" * 5_000, "1e999"]),
    known=st.booleans(),
    own=st.booleans(),
    twice=st.booleans(),
).filter(lambda shape: shape.names * (shape.length + len(shape.cell)) < MOST_BYTES)
BODIES = {"records": (Shape.of_records, JSON), "columns": (Shape.of_columns, JSON), "lines": (Shape.of_lines, NDJSON)}
BODIES["csv"] = (Shape.of_csv, CSV)

ATTACKS = [
    (Shape(60_000, 1, 400_000, "1", known=False, own=False, twice=False), "csv"),
    (Shape(9_000, 5, 100_000, "1", known=False, own=True, twice=False), "csv"),
    (Shape(10, 4, 150_000, "1", known=False, own=True, twice=False), "records"),
    (Shape(10, 4, 150_000, "1", known=False, own=True, twice=False), "lines"),
    (Shape(1, 100_000, 120_000, "1", known=False, own=False, twice=False), "columns"),
    (Shape(2, 100_000, 500_000, "[]", known=True, own=False, twice=True), "columns"),
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
    assert len(answer.data) <= MEMORY + 10 * len(body)


@pytest.mark.parametrize(("shape", "form"), ATTACKS)
def test_bodies_that_took_minutes_and_gigabytes_are_refused_at_once(
    client: FlaskClient, shape: Shape, form: str
) -> None:
    write, kind = BODIES[form]
    check_bounded(client, SCORE, write(shape).encode(), kind)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])
@given(SHAPES, st.sampled_from(sorted(BODIES)))
def test_a_scoring_request_takes_what_its_bytes_warrant(client: FlaskClient, shape: Shape, form: str) -> None:
    write, kind = BODIES[form]
    check_bounded(client, SCORE, write(shape).encode(), kind)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])
@example(Shape(9_000, 1, 100_000, "1", known=False, own=False, twice=False), "columns.long")
@example(Shape(60_000, 1, 400_000, "1", known=False, own=False, twice=False), "")
@given(SHAPES, st.sampled_from(["", "columns", "columns.long", "class_weight", "layers", "optimizer"]))
def test_a_training_request_takes_what_its_bytes_warrant(client: FlaskClient, shape: Shape, where: str) -> None:
    spec = "[" + ",".join(shape.records()) + "]" if where == "layers" else shape.records()[0]
    for name in reversed(where.split(".") if where else []):
        spec = f'{{"{"k" * 100_000 if name == "long" else name}":{spec}}}'
    body = f'{{"model":"churn","dataset":"{uuid4()}","spec":{spec}}}'
    check_bounded(client, "/v1/jobs/training", body.encode(), JSON)
