"""The numeric block gives the bits of the single columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.columns import Table
from model.columns.cells import Numbers
from model.columns.encoder import Encoder
from model.columns.numeric import NumericColumn
from model.columns.row_problems import RowProblems
from model.errors import ColumnError

NAN = float("nan")
finite = st.floats(-1e300, 1e300)


@st.composite
def columns(draw: st.DrawFn, name: str) -> NumericColumn:
    scale = draw(st.floats(1e-300, 1e300, allow_subnormal=False))
    return NumericColumn(
        name, draw(finite), scale, draw(st.booleans()), draw(finite), draw(st.booleans()), -1e300, 1e300
    )


@given(st.data(), st.integers(2, 5), st.integers(1, 70))
def test_the_block_gives_the_bits_of_single_columns(data: st.DataObject, k: int, n: int) -> None:
    some = tuple(data.draw(columns(f"c{i}")) for i in range(k))
    values = st.lists(st.one_of(finite, st.just(NAN)), min_size=n, max_size=n)
    table = Table({column.name: Numbers(np.array(data.draw(values))) for column in some}, n)
    alone = np.empty((n, sum(len(column.features) for column in some)))
    start = 0
    for column in some:
        cells = table.columns[column.name]
        assert isinstance(cells, Numbers)
        column.encode(cells, alone[:, start : start + len(column.features)])
        start += len(column.features)
    assert Encoder(some).encode(table).tobytes() == alone.tobytes()


@given(st.data(), st.integers(2, 4), st.integers(1, 5))
def test_the_block_accepts_the_numbers_that_single_columns_accept(data: st.DataObject, k: int, n: int) -> None:
    some = tuple(NumericColumn(f"c{i}", 0.0, 1.0, False, 0.0, True, -1.0 - i, 2.0 + i) for i in range(k))
    value = st.sampled_from((0.0, -0.0, -1.0, 2.0, NAN)) | st.floats(-9.0, 9.0) | st.floats()
    came = {column.name: Numbers(np.array(data.draw(st.lists(value, min_size=n, max_size=n)))) for column in some}
    table, problems = Encoder(some).read(came, n)
    alone = RowProblems()
    for column in some:
        expected, read = column.read(came[column.name], alone), table.columns[column.name]
        assert isinstance(read, Numbers)
        assert read.values.tobytes() == expected.values.tobytes()
    assert problems.rows == alone.rows


def test_the_block_does_not_read_an_absent_or_short_column() -> None:
    some = tuple(NumericColumn(name, 0.0, 1.0, False, 0.0, True, -1.0, 1.0) for name in ("a", "b"))
    table, _ = Encoder(some).read({"a": Numbers.of([0.5])}, 1)
    assert table.columns["b"].missing.tolist() == [True]
    with pytest.raises(ColumnError, match="'b' has 2 values for 1 records"):
        Encoder(some).read({"a": Numbers.of([0.5]), "b": Numbers.of([0.5, 0.5])}, 1)


@given(st.data(), st.integers(2, 4))
def test_a_record_is_read_as_its_columns_read_it(data: st.DataObject, k: int) -> None:
    some = tuple(NumericColumn(f"c{i}", 0.0, 1.0, False, 0.0, True, -1.0 - i, 2.0 + i) for i in range(k))
    value = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.just(10**400), st.text(max_size=2), st.floats())
    came = {column.name: [data.draw(value)] for column in some}
    table, problems = Encoder(some).read(came, 1)
    alone = RowProblems()
    for column in some:
        expected, read = column.read(came[column.name], alone), table.columns[column.name]
        assert isinstance(read, Numbers)
        assert read.values.tobytes() == expected.values.tobytes()
    assert problems.rows == alone.rows
    assert table.missing() == {column.name: 1 for column in some if table.columns[column.name].missing[0]}
