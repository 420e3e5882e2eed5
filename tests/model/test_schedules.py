"""Every schedule of the catalog against its formula."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.optimizers.sgd import SGD
from model.schedules import CATALOG, Horizon, Schedule
from model.schedules.constant import Constant
from model.schedules.cosine import Cosine
from model.schedules.one_cycle import OneCycle
from model.schedules.plateau import Plateau
from model.schedules.step import Step
from model.training.rates import BLOCK, Rates

PEAK = 0.01
HORIZON = Horizon(epochs=90, steps_per_epoch=10)
TOTAL = 900


def half_wave(first: float, last: float, share: float) -> float:
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


# One line for each: a schedule and its learning rate at step t of 900, with 10 steps an epoch.
CASES: list[tuple[Schedule, Callable[[int], float]]] = [
    (Constant(), lambda t: PEAK),
    (Step(), lambda t: PEAK * 0.1 ** (t // 10 // 30)),
    (Step(factor=0.5, every=7, by="step"), lambda t: PEAK * 0.5 ** (t // 7)),
    (Cosine(warmup=0), lambda t: half_wave(PEAK, 0, t / TOTAL)),
    (Cosine(warmup=0, minimum=0.001), lambda t: half_wave(PEAK, 0.001, t / TOTAL)),
    (Cosine(warmup=0, by="epoch"), lambda t: half_wave(PEAK, 0, t // 10 / 90)),
    (Cosine(warmup=0.1), lambda t: PEAK * (t + 1) / 90 if t < 90 else half_wave(PEAK, 0, (t - 90) / 810)),
    (Constant(warmup=0.1, by="epoch"), lambda t: PEAK * min(t // 10 + 1, 9) / 9),
    (
        OneCycle(),
        lambda t: half_wave(PEAK / 25, PEAK, t / 270) if t < 270 else half_wave(PEAK, PEAK * 4e-6, (t - 270) / 630),
    ),
    (Plateau(), lambda t: PEAK),
]


def test_every_schedule_of_the_catalog_is_checked_here() -> None:
    assert {type(schedule) for schedule, _ in CASES} == set(CATALOG.values())


@pytest.mark.parametrize(
    ("schedule", "formula"), CASES, ids=lambda case: repr(case) if isinstance(case, Schedule) else ""
)
def test_rates_equal_the_formula(schedule: Schedule, formula: Callable[[int], float]) -> None:
    found = schedule.rates(np.arange(TOTAL, dtype=float), HORIZON, PEAK)
    np.testing.assert_allclose(found, [formula(t) for t in range(TOTAL)], rtol=1e-12)


@given(
    st.sampled_from([schedule for schedule, _ in CASES]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.floats(1e-6, 10),
)
@settings(deadline=None)
def test_rates_are_pure_and_within_bounds(schedule: Schedule, epochs: int, per_epoch: int, peak: float) -> None:
    horizon = Horizon(epochs, per_epoch)
    steps = np.arange(epochs * per_epoch, dtype=float)
    rates = schedule.rates(steps, horizon, peak)
    some = steps[:: max(len(steps) // 10, 1)]
    one_by_one = [schedule.rates(step[None], horizon, peak)[0] for step in some]
    np.testing.assert_array_equal(rates[some.astype(int)], one_by_one)
    assert (rates >= 0).all()
    assert (rates <= max(peak, getattr(schedule, "minimum", 0)) * (1 + 1e-12)).all()


def test_a_plateau_lowers_the_rate_after_its_patience() -> None:
    schedule = Plateau(factor=0.5, patience=2, min_delta=0.1)
    memory = np.stack([np.full(2, start) for start in (1.0, np.inf, 0.0)])
    seen = []
    # The loss of the second network falls by less than min_delta.
    for loss in ([1.0, 1.0], [0.8, 0.95], [0.7, 0.93], [0.7, 0.93], [0.7, 0.93], [0.7, 0.1]):
        schedule.watch(memory, np.array(loss))
        seen.append(memory[0].tolist())
    assert seen == [[1, 1], [1, 1], [1, 0.5], [1, 0.5], [0.5, 0.25], [0.5, 0.25]]


def test_rates_in_blocks_equal_rates_at_once() -> None:
    horizon = Horizon(10, 2 * BLOCK)
    rates = Rates(Cosine(), SGD(learning_rate=PEAK), horizon, ())
    steps = np.arange(0, 10 * 2 * BLOCK, 617)
    found = [rates.columns(int(step), 5)[0] for step in steps]
    expected = [Cosine().rates(np.arange(step, step + 5.0), horizon, PEAK) for step in steps]
    np.testing.assert_array_equal(found, expected)
    rates.rescale(np.array(0.1))
    np.testing.assert_allclose(rates.columns(617, 5)[0], expected[1] * 0.1)
