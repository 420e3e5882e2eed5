"""The tape and the arena: passes repeat their calls in the same memory, and overwrite only free arrays."""

import numpy as np
import pytest

from model.errors import ShapeError
from model.layers import Dense
from model.layers.relu import ReLU
from model.layers.residual import Residual
from model.layers.silu import SiLU
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.network.parameters import Buffers
from model.network.stack import Stack
from model.tape import Arena, Memory, Tape, Views

ROWS = 6
STACK = Stack(3, (Dense(4), SiLU(), Residual((ReLU(), Dense(4))), Dense(1)))


def arena(memory: Memory) -> Arena:
    return Arena(memory, Views((), (), ()), ROWS)


def test_a_pass_over_the_same_arrays_records_the_same_call_objects() -> None:
    memory, buffers = Memory(np.float64), Buffers(STACK, (), 0, np.float64)
    inputs, logits, labels, weight = np.ones((4, ROWS)), np.zeros((1, ROWS)), np.ones((1, ROWS)), np.ones((1, ROWS))
    tapes = [Tape(memory), Tape(memory)]
    for tape in tapes:
        place = Arena(memory, buffers.views, ROWS, lambda width, rate: np.ones((width, ROWS)))
        place.network_input(inputs)
        backward = STACK.record(tape, place, inputs, logits)
        backward(BinaryCrossEntropy().record(tape, place, logits, labels, weight))
    first, second = (list(map(id, tape.calls)) for tape in tapes)
    assert len(first) > 20
    assert first == second


def test_a_layer_overwrites_its_input_unless_it_is_kept() -> None:
    place = arena(Memory(np.float64))
    a = place.activations(2)
    assert place.place(a) is a
    place.keep(a)
    assert place.place(a) is not a
    assert place.place(a).shape == a.shape


def test_a_gradient_reuses_activations_of_its_width() -> None:
    place = arena(Memory(np.float64))
    z, logits = place.activations(2), np.zeros((2, ROWS))
    assert np.shares_memory(place.instead_of(z, 2), z)
    assert not np.shares_memory(place.instead_of(z, 3), z)
    place.set_next_activations(logits)
    assert place.activations(2) is logits
    assert not np.shares_memory(place.instead_of(logits, 1), logits)
    assert place.values(logits) is logits
    assert place.activations(2) is not logits


def test_a_last_layer_that_leaves_the_logits_unwritten_is_refused() -> None:
    stack, memory = Stack(3, (Dense(4), ReLU())), Memory(np.float64)
    buffers = Buffers(stack, (), 0, np.float64)
    place = Arena(memory, buffers.views, ROWS)
    with pytest.raises(ShapeError, match="end the layers with a dense one"):
        stack.record(Tape(memory), place, np.ones((4, ROWS)), np.zeros((4, ROWS)))


def test_two_memories_share_constants_and_nothing_else() -> None:
    first = Memory(np.float32)
    second = Memory(np.float32, first)
    assert Tape(first).number(0.5) is Tape(second).number(0.5)
    assert Tape(first).number(0.5) is not Tape(first).number(0.25)
    assert Tape(first).scratch((2,)) is not Tape(second).scratch((2,))
    assert arena(first).fresh(2) is not arena(second).fresh(2)
