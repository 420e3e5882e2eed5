"""Every recorded optimizer of the catalog against its formula."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from model.layers import Dense
from model.network.parameters import Buffers
from model.optimizers import CATALOG, Optimizer
from model.optimizers.adam import Adam
from model.optimizers.adamw import AdamW
from model.optimizers.momentum import Momentum
from model.optimizers.nesterov import Nesterov
from model.optimizers.rmsprop import RMSprop
from model.optimizers.sgd import SGD
from model.spec import Spec
from model.tape import Memory, Tape
from model.training.updating import Penalties, StepScalars, record_norm, record_update
from tests.model.compiled import network

Array = np.ndarray
SIZE, STEPS = 7, 60


def sgd(o: SGD) -> Iterator[Array]:
    g, rate = yield np.zeros(0)
    while True:
        g, rate = yield rate * g


def momentum(o: Momentum) -> Iterator[Array]:
    g, rate = yield np.zeros(0)
    v = np.zeros(SIZE)
    while True:
        v = o.beta * v + (1 - o.beta if o.form == "averaged" else 1) * g
        g, rate = yield rate * v


def nesterov(o: Nesterov) -> Iterator[Array]:
    g, rate = yield np.zeros(0)
    v = np.zeros(SIZE)
    while True:
        taken = (1 - o.beta if o.form == "averaged" else 1) * g
        v = o.beta * v + taken
        g, rate = yield rate * (o.beta * v + taken)


def rmsprop(o: RMSprop) -> Iterator[Array]:
    g, rate = yield np.zeros(0)
    s = np.zeros(SIZE)
    while True:
        s = o.beta * s + (1 - o.beta) * g**2
        g, rate = yield rate * g / (np.sqrt(s) + o.epsilon)


def adam(o: Adam) -> Iterator[Array]:
    g, rate = yield np.zeros(0)
    m, v, t = np.zeros(SIZE), np.zeros(SIZE), 0
    while True:
        t += 1
        m = o.beta1 * m + (1 - o.beta1) * g
        v = o.beta2 * v + (1 - o.beta2) * g**2
        g, rate = yield rate * (m / (1 - o.beta1**t)) / (np.sqrt(v / (1 - o.beta2**t)) + o.epsilon)


# One line for each setting of each optimizer.
CASES: list[tuple[Optimizer, Callable[..., Iterator[Array]]]] = [
    (SGD(), sgd),
    (Momentum(), momentum),
    (Momentum(form="classic", beta=0.5), momentum),
    (Nesterov(), nesterov),
    (Nesterov(form="classic"), nesterov),
    (RMSprop(), rmsprop),
    (RMSprop(beta=0.99, epsilon=0.1), rmsprop),
    (Adam(), adam),
    (Adam(beta1=0.5, beta2=0.9, epsilon=0.01), adam),
    (AdamW(), adam),
]


def test_every_optimizer_of_the_catalog_is_checked_here() -> None:
    assert {type(optimizer) for optimizer, _ in CASES} == set(CATALOG.values())


@pytest.mark.parametrize(
    ("optimizer", "formula"), CASES, ids=lambda case: repr(case) if isinstance(case, Optimizer) else ""
)
@pytest.mark.parametrize("members", [1, 3])
def test_updates_equal_the_formula(optimizer: Optimizer, formula: Callable[..., Iterator[Array]], members: int) -> None:
    lead = () if members == 1 else (members,)
    column = (1, *(1,) * 2) if lead else (1,)
    rng = np.random.default_rng(1)
    gradients, moments = np.zeros((2, *lead, SIZE)), np.zeros((optimizer.moments, *lead, SIZE))
    rates = [0.1 / (1 + t) for t in range(STEPS)]
    numbers = [np.zeros((*lead, 1) if lead else ()) for _ in optimizer.coefficients(np.ones(1), np.ones(1))]
    tape = Tape(Memory(np.float64))
    update = optimizer.record(tape, gradients, moments, numbers)
    by_member = [formula(optimizer) for _ in range(members)]
    for each in by_member:
        next(each)
    for t, rate in enumerate(rates):
        gradients[0] = rng.standard_normal(gradients[0].shape)
        found = optimizer.coefficients(np.full(column, rate), np.full(column, t + 1.0))
        for place, number in zip(numbers, found, strict=True):
            place[...] = number[0]
        expected = [each.send((g, rate)) for each, g in zip(by_member, np.atleast_2d(gradients[0]).copy(), strict=True)]
        for call in tape.calls:
            call()
        np.testing.assert_allclose(np.atleast_2d(update), expected, rtol=1e-11, atol=1e-15)


def updated(gradient: Array, values: Array, **settings: object) -> Array:
    """Return parameters after one step of plain gradient descent at rate 1, or of another optimizer."""
    spec = Spec(**({"optimizer": SGD()} | settings))
    stack = network(Dense(1), inputs=2)
    buffers = Buffers(stack, (), spec.optimizer.moments, np.float64)
    buffers.values[...], buffers.gradients[0] = values, gradient
    rate, norms = np.array(1.0), np.zeros(1)
    coefficients = [np.array(c[0]) for c in spec.optimizer.coefficients(np.ones(1), np.ones(1))]
    tape = Tape(Memory(np.float64))
    (block,) = buffers.blocks(10)
    record_norm(tape, block, 0, norms)
    record_update(tape, spec, block, Penalties.of(spec, stack, np.float64), StepScalars(rate, coefficients, norms))
    for call in tape.calls:
        call()
    return buffers.values


G, THETA = np.array([3.0, -4.0, 12.0]), np.array([1.0, -2.0, 5.0])


def test_clipping_by_norm_changes_long_gradients_only() -> None:
    np.testing.assert_allclose(updated(G, THETA, clip_norm=6.5), THETA - G / 2)
    np.testing.assert_allclose(updated(G, THETA, clip_norm=13.5), THETA - G)


def test_clipping_by_value_bounds_each_number() -> None:
    np.testing.assert_allclose(updated(G, THETA, clip_value=3.5), THETA - [3.0, -3.5, 3.5])


def test_weight_decay_changes_the_gradient_of_weights_only() -> None:
    np.testing.assert_allclose(updated(G, THETA, weight_decay=0.1), THETA - G - [0.1, -0.2, 0])


def test_l1_shrinks_weights_and_no_bias() -> None:
    np.testing.assert_allclose(updated(G, THETA, l1=0.1), THETA - G - [0.1, -0.1, 0])


def test_adamw_decays_outside_the_gradient_and_adam_inside() -> None:
    plain = updated(G, THETA, optimizer=AdamW())
    np.testing.assert_allclose(updated(G, THETA, optimizer=AdamW(), weight_decay=0.1), plain - [0.1, -0.2, 0])
    joined = updated(G + np.array([0.1, -0.2, 0]), THETA, optimizer=Adam())
    np.testing.assert_allclose(updated(G, THETA, optimizer=Adam(), weight_decay=0.1), joined)
