"""The training program: the steps of an epoch as flat lists of calls, over memory that is there from the start.

Rows are loaded a *chunk* of batches at a time. Each batch of the chunk has its calls recorded once, over its own rows,
labels and learning rate, and over activations that all batches share. A step then is nothing but its calls: no
allocation, no shapes, no names to look up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import call

import numpy as np

from model.blas import one_thread
from model.design import Floats, Integers
from model.network.parameters import Numbers, kernel_mask
from model.network.recorder import Call, Memory, Recorder, Views
from model.network.stack import Stack
from model.spec import Spec
from model.training.chunk import Batch, Chunk
from model.training.masks import Masks
from model.training.plan import Plan
from model.training.rows import Rows
from model.training.updating import Step, record_update


@dataclass(frozen=True)
class Calls:
    """The calls of a step: one list, or where the batch is in two parts, `beside` beside `first` and `then` after."""

    first: list[Call]
    beside: list[Call]
    then: list[Call]


class Program:
    """The calls of a training's steps, and the memory they work in."""

    def __init__(self, spec: Spec, stack: Stack, numbers: Numbers, rows: Rows, plan: Plan) -> None:
        self._spec, self._stack, self._numbers, self._plan = spec, stack, numbers, plan
        seeds = range(spec.seed, spec.seed + (numbers.lead[0] if numbers.lead else 1))
        self._chunk = Chunk(rows, spec.loss, plan, numbers.lead, numbers.dtype)
        self.masks = Masks(seeds, plan, numbers.lead, numbers.dtype)
        slots = (plan.chunk_steps + 1, *numbers.lead, 1) if numbers.lead else (plan.chunk_steps + 1,)
        count = 1 + len(spec.optimizer.coefficients(np.ones(1), np.ones(1)))
        self._coefficients = np.zeros((count, *slots), numbers.dtype)
        self._norms = np.zeros(slots, numbers.dtype)
        self._kernel = kernel_mask(stack, numbers.dtype)
        self._pool = ThreadPoolExecutor(1) if plan.parts == 2 else None
        self._record_all()

    def _record_all(self) -> None:
        plan, dtype = self._plan, self._numbers.dtype
        memories = [Memory(dtype) for _ in range(plan.parts)]
        gradients = [self._numbers.gradients[0], *np.zeros((plan.parts - 1, *self._numbers.values.shape), dtype)]
        views = [self._numbers.views_with(gradient) for gradient in gradients]
        self._part_gradients = gradients
        steps = [self._record_step(i, memories, views) for i in range(plan.chunk_steps)]
        self._calls, self._last_calls = steps, steps[: plan.last_steps]
        if plan.short:
            do = self._record_batch(Memory(dtype), self._numbers.views, self._chunk.short_batch(), None)
            self._record_update(do, plan.last_steps)
            self._last_calls = [*self._last_calls, Calls(do.calls, [], [])]
        if plan.parts == 1:
            self._calls, self._last_calls = joined(self._calls), joined(self._last_calls)

    def _record_step(self, i: int, memories: Sequence[Memory], views: Sequence[Views]) -> Calls:
        """Record the i-th step of a chunk: forward, loss and backward for each part of its batch, and the update."""
        parts = range(i * self._plan.parts, (i + 1) * self._plan.parts)
        passes = [
            self._record_batch(memory, view, self._chunk.batch_at(part), part)
            for memory, view, part in zip(memories, views, parts, strict=True)
        ]
        if len(passes) == 1:
            self._record_update(passes[0], i)
            return Calls(passes[0].calls, [], [])
        do = Recorder(memories[0], self._numbers.views, self._plan.rows)
        whole, other = self._part_gradients
        do(np.add, whole, other, whole)
        self._record_update(do, i)
        return Calls(passes[0].calls, passes[1].calls, do.calls)

    def _record_batch(self, memory: Memory, views: Views, batch: Batch, i: int | None) -> Recorder:
        do = Recorder(memory, views, batch.inputs.shape[-1], self.masks.for_batch(i))
        do.network_input(batch.inputs)
        backward = self._stack.record(do, batch.inputs, batch.logits)
        backward(self._spec.loss.record(do, batch.logits, batch.target, batch.weight))
        return do

    def _record_update(self, do: Recorder, i: int) -> None:
        rate, *rest = (column[i, ...] for column in self._coefficients)
        record_update(do, self._spec, self._numbers, self._kernel, Step(rate, rest, self._norms[i, ...]))

    def run(self, order: Integers, chunk: int, numbers: Floats) -> tuple[Floats, Floats]:
        """Run one chunk of an epoch; return the sum of its rows' losses, and each step's squared gradient norm.

        Shapes: order ([K,] n) of all the epoch's rows; numbers (1 + coefficients, steps, [K, 1]), the learning rate
        and what the optimizer makes of it; losses ([K]); norms (steps, [K, 1]).
        """
        plan, steps = self._plan, numbers.shape[1]
        last = chunk == plan.chunks - 1
        batches = (plan.last_steps if last else plan.chunk_steps) * plan.parts
        short = last and plan.short > 0
        start = chunk * plan.chunk_steps * plan.parts * plan.rows
        self._chunk.load(order[..., start : start + batches * plan.rows + short * plan.short], batches)
        self._coefficients[:, :steps] = numbers
        self.masks.fill(batches, short)
        with one_thread():
            self._perform(self._last_calls if last else self._calls)
        with np.errstate(all="ignore"):
            return self._chunk.loss(batches, short), self._norms[:steps]

    def _perform(self, steps: Sequence[Calls]) -> None:
        if self._pool is None:
            for step in steps:
                perform(step.first)
            return
        for step in steps:
            beside = self._pool.submit(perform, step.beside)
            perform(step.first)
            beside.result()
            perform(step.then)

    def steps_of(self, chunk: int) -> int:
        """Return how many steps a chunk has."""
        plan = self._plan
        return plan.last_steps + (plan.short > 0) if chunk == plan.chunks - 1 else plan.chunk_steps


def perform(calls: Iterable[Call]) -> None:
    """Make all calls, without a loop of ours."""
    with np.errstate(all="ignore"):
        deque(map(call, calls), maxlen=0)


def joined(steps: Sequence[Calls]) -> list[Calls]:
    """Return the steps as one, so that nothing happens between them."""
    return [Calls([each for step in steps for each in step.first], [], [])]
