"""Numeric columns that are encoded together get the bits that each gives alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.columns import Table
from model.columns.cells import Numbers
from model.columns.encoder import Encoder
from model.columns.numeric import NumericColumn

finite = st.floats(-1e300, 1e300)


@st.composite
def columns(draw: st.DrawFn, name: str) -> NumericColumn:
    scale = draw(st.floats(1e-300, 1e300, allow_subnormal=False))
    return NumericColumn(
        name, draw(finite), scale, draw(st.booleans()), draw(finite), draw(st.booleans()), -1e300, 1e300
    )


@given(st.data(), st.integers(2, 5), st.integers(1, 70))
def test_together_and_alone_are_the_same_bits(data: st.DataObject, k: int, n: int) -> None:
    some = tuple(data.draw(columns(f"c{i}")) for i in range(k))
    values = st.lists(st.one_of(finite, st.just(float("nan"))), min_size=n, max_size=n)
    table = Table({column.name: Numbers(np.array(data.draw(values))) for column in some}, n)
    alone = np.empty((n, sum(len(column.features) for column in some)))
    start = 0
    for column in some:
        cells = table.columns[column.name]
        assert isinstance(cells, Numbers)
        column.encode(cells, alone[:, start : start + len(column.features)])
        start += len(column.features)
    assert Encoder(some).encode(table).tobytes() == alone.tobytes()
