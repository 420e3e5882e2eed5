"""Random numbers and shuffles: equal on all machines, and uniform."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import initializers
from model.layers import Dense
from model.layers.batch_norm import BatchNorm
from model.layers.relu import ReLU
from model.layers.tanh import Tanh
from model.network.parameters import initialize, views
from model.random import TWO_KEYS, read_state, shuffle, stream, uniform, write_state
from tests.model.compiled import network


@given(st.integers(1, 3000), st.integers(0, 2**63))
def test_a_shuffle_is_an_order_of_all_rows(rows: int, seed: int) -> None:
    assert sorted(shuffle(stream(seed, 1), rows).tolist()) == list(range(rows))


def test_the_shuffle_of_a_seed_never_changes() -> None:
    assert shuffle(stream(42, 1), 12).tolist() == SHUFFLED
    assert uniform(stream(42, 0), 3).tolist() == pytest.approx(DRAWN, abs=0)


SHUFFLED = [5, 11, 7, 4, 0, 6, 1, 10, 8, 3, 2, 9]
DRAWN = [0.5479120971119267, -0.12224312049589536, 0.7171958398227649]


def test_every_position_is_equally_likely_for_a_row() -> None:
    bits, rows, times = stream(0, 1), 8, 16_000
    counts = np.zeros((rows, rows))
    for _ in range(times):
        counts[np.arange(rows), shuffle(bits, rows)] += 1
    expected = times / rows
    statistic = ((counts - expected) ** 2 / expected).sum()
    assert statistic < 49 + 5 * np.sqrt(2 * 49)  # chi-squared with 49 degrees of freedom


def test_two_rows_come_in_either_order_equally_often() -> None:
    """A quarter of 100,000 rows share a key with the row before. They must not always keep their order."""
    bits, times = stream(0, 1), 200
    ascending = [(np.diff(shuffle(bits, 100_000)) > 0).mean() for _ in range(times)]
    assert abs(np.mean(ascending) - 0.5) < 5 * np.std(ascending) / np.sqrt(times)
    order = shuffle(bits, TWO_KEYS + 1)
    assert np.bincount(order, minlength=len(order)).max() == 1
    assert abs((np.diff(order) > 0).mean() - 0.5) < 5 * 0.5 / np.sqrt(len(order))


def test_a_stream_continues_from_its_written_state() -> None:
    bits, other = stream(3, 1), stream(4, 1)
    shuffle(bits, 10)
    read_state(other, write_state(bits))
    assert shuffle(other, 50).tolist() == shuffle(bits, 50).tolist()


BOUNDS = {"glorot": np.sqrt(6 / 500), "he": np.sqrt(6 / 200), "lecun": np.sqrt(3 / 200), "zeros": 0.0}


def test_every_initializer_of_the_catalog_is_checked_here() -> None:
    assert set(BOUNDS) == set(initializers.CATALOG)


@pytest.mark.parametrize("name", BOUNDS)
def test_initializers_draw_uniform_weights_within_their_bound_and_zero_biases(name: str) -> None:
    stack = network(Dense(300), Dense(1), inputs=200)
    weights = views(initialize(stack, name, 0, np.float64), stack.tensors())["0.weights"]
    kernel, bias = weights[:-1], weights[-1]
    assert not bias.any()
    assert np.abs(kernel).max() <= BOUNDS[name]
    assert kernel.std() == pytest.approx(BOUNDS[name] / np.sqrt(3), rel=0.01)
    assert kernel.mean() == pytest.approx(0, abs=0.01 * BOUNDS[name] + 1e-12)


def test_auto_chooses_by_the_activation_that_follows() -> None:
    stack = network(Dense(300), BatchNorm(), ReLU(), Dense(300), Tanh(), Dense(300), inputs=300)
    found = views(initialize(stack, "auto", 0, np.float64), stack.tensors())
    spread = [found[f"{i}.weights"][:-1].std() * np.sqrt(3) for i in (0, 3, 5)]
    assert spread == pytest.approx([np.sqrt(6 / 300), np.sqrt(6 / 600), np.sqrt(6 / 600)], rel=0.01)
    np.testing.assert_array_equal(found["1.scale"], [np.ones(300), np.zeros(300)])
