"""Dates that come typed from Parquet: those outside the years 1 to 9999 are refused, the others have exact days."""

import io
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from model.columns import Days, Table
from model.columns.cells import days_since_epoch
from model.columns.encoder import Encoder
from model.errors import TableError
from model.tables.profiling import profile_file
from model.tables.reader import read_chunks, read_table

DATE64_DAY = 86_400_000
OUTSIDE = (3_000_000, 2_932_897, -719_163, -800_000)
EXTREMES = {
    pa.date32(): (1, [2**31 - 1, -(2**31)]),
    pa.date64(): (DATE64_DAY, [2**60 // DATE64_DAY * DATE64_DAY]),
    pa.timestamp("s"): (86_400, [2**53, -(2**53)]),
    pa.timestamp("ms", "UTC"): (86_400_000, [2**60 + 5, -(2**63)]),
    pa.timestamp("us"): (86_400_000_000, [2_932_897 * 86_400_000_000 - 1]),
}
"""For each type, its units in a day, and values outside the years besides those days. They overflow microseconds."""

UNITS_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def stored(values: list[int | None], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.int32() if kind == pa.date32() else pa.int64()).cast(kind)


def parquet(**columns: pa.Array) -> io.BytesIO:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), file, version="2.6")
    return file


def outside(kind: pa.DataType) -> list[int]:
    per_day, more = EXTREMES[kind]
    return [*(day * per_day for day in OUTSIDE), *more]


@pytest.mark.parametrize("kind", EXTREMES, ids=str)
def test_a_table_with_a_date_outside_the_years_is_refused_with_column_and_row(kind: pa.DataType) -> None:
    told = "column 'joined' holds a date outside the years 1 to 9999 in row 3: correct it"
    for value in outside(kind):
        file = parquet(joined=stored([0, None, value, value], kind))
        for read in (read_table, profile_file):
            with pytest.raises(TableError, match=told):
                read(file, "parquet")


@pytest.mark.parametrize("kind", EXTREMES, ids=str)
def test_in_scoring_a_date_outside_the_years_is_a_problem_of_its_row(kind: pa.DataType) -> None:
    encoder = Encoder.fit(Table({"joined": Days(np.arange(19_000.0, 19_100.0))}, 100), ["joined"], {})
    dates = stored([0, None, *outside(kind)], kind)
    (chunk,) = read_chunks(parquet(joined=dates, id=dates), "parquet", (), "id")
    cells, problems = encoder.read(chunk.columns, chunk.rows)
    assert [(row, found[0].code) for row, found in problems.rows.items()] == [
        (row, "wrong_type") for row in range(2, chunk.rows)
    ]
    assert cells.columns["joined"].scalars() == ["1970-01-01", *[None] * (chunk.rows - 1)]
    assert chunk.ids is not None
    assert len(set(chunk.ids)) == chunk.rows, "ids keep their values"


@pytest.mark.parametrize("unit", UNITS_A_SECOND)
def test_timestamps_of_every_unit_have_the_days_of_their_text(unit: str) -> None:
    texts = ["1970-01-01T00:00:01Z", "2024-02-29T12:34:56Z", "1912-06-23T01:02:03Z", "2150-01-01T00:00:00Z"]
    texts += [] if unit == "ns" else ["0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z"]
    since = [datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC) for text in texts]
    units = [each // timedelta(seconds=1) * UNITS_A_SECOND[unit] for each in since]
    cells = read_table(parquet(joined=stored(units, pa.timestamp(unit))), "parquet").columns["joined"]
    assert isinstance(cells, Days)
    assert cells.values.tolist() == [days_since_epoch(text) for text in texts]
