"""The training program: the steps of an epoch as flat lists of calls, over memory that is there from the start.

Rows are loaded a *chunk* of batches at a time. Each batch of the chunk has its calls recorded once, over its own rows,
labels and learning rate, and over activations that all batches share. A step then is nothing but its calls: no
allocation, no shapes, no names to look up.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from operator import call

import numpy as np

from model.chunk import Chunk
from model.design import Floats, Integers
from model.masks import Masks
from model.parameters import Numbers, kernel_mask
from model.recorder import Call, Memory, Recorder
from model.rows import Rows
from model.spec import Spec
from model.stack import Stack
from model.updating import Step, record_update

CHUNK_BYTES = 1 << 20  # of rows at once: enough to forget the cost of loading, little enough to stay in the cache
CHUNK_BATCHES = 64


class Program:
    """The calls of a training's steps, and the memory they work in."""

    def __init__(self, spec: Spec, stack: Stack, numbers: Numbers, rows: Rows, seeds: Sequence[int]) -> None:
        self._spec, self._stack, self._numbers = spec, stack, numbers
        batch = min(spec.batch_size, rows.count)
        full, tail = divmod(rows.count, batch)
        self.steps = full + bool(tail)
        bytes_a_batch = batch * (rows.width + 1) * numbers.dtype.itemsize * math.prod(numbers.lead)
        self.chunks = math.ceil(full / max(1, min(CHUNK_BATCHES, CHUNK_BYTES // bytes_a_batch)))
        batches = math.ceil(full / self.chunks)
        self._in_last = full - (self.chunks - 1) * batches
        sizes = (batch, batches, tail)
        self._chunk = Chunk(rows, spec.loss, numbers.lead, sizes, numbers.dtype)
        self.masks = Masks(seeds, numbers.lead, sizes, numbers.dtype)

        slots = (batches + 1, *numbers.lead, 1) if numbers.lead else (batches + 1,)
        count = 1 + len(spec.optimizer.coefficients(np.ones(1), np.ones(1)))
        self._coefficients = np.zeros((count, *slots), numbers.dtype)
        self._norms = np.zeros(slots, numbers.dtype)
        self._record_all(full)

    def _record_all(self, full: int) -> None:
        kernel = kernel_mask(self._stack, self._numbers.dtype)
        memory = Memory(self._numbers.dtype)
        steps = [self._record(memory, kernel, i) for i in range(self._chunk.batches)]
        self._calls = [each for calls in steps for each in calls]
        self._last_calls = [each for calls in steps[: self._in_last] for each in calls]
        if self._chunk.tail:
            short = Memory(self._numbers.dtype)
            self._last_calls += self._record(short, kernel, self._in_last, short_batch=True)

    def _record(self, memory: Memory, kernel: Floats, i: int, short_batch: bool = False) -> list[Call]:
        """Record the i-th step of a chunk: forward, loss, backward, update."""
        numbers, batch = self._numbers, self._chunk.batch_at(i, short_batch)
        do = Recorder(memory, numbers.views, batch.inputs.shape[-1], self.masks.for_step(i, short_batch))
        do.network_input(batch.inputs)
        backward = self._stack.record(do, batch.inputs, batch.logits)
        backward(self._spec.loss.record(do, batch.logits, batch.target, batch.weight))
        rate, *rest = (column[i, ...] for column in self._coefficients)
        record_update(do, self._spec, numbers, kernel, Step(rate, rest, self._norms[i, ...]))
        return do.calls

    def run(self, order: Integers, chunk: int, numbers: Floats) -> tuple[Floats, Floats]:
        """Run one chunk of an epoch; return the sum of its rows' losses, and each step's squared gradient norm.

        Shapes: order ([K,] n) of all the epoch's rows; numbers (1 + coefficients, steps, [K, 1]), the learning rate
        and what the optimizer makes of it; losses ([K]); norms (steps, [K, 1]).
        """
        steps = numbers.shape[1]
        last = chunk == self.chunks - 1
        batches, tail = (self._in_last, self._chunk.tail) if last else (self._chunk.batches, 0)
        start = chunk * self._chunk.batches * self._chunk.batch
        self._chunk.load(order[..., start : start + batches * self._chunk.batch + tail], batches, tail)
        self._coefficients[:, :steps] = numbers
        self.masks.fill(batches, tail)
        with np.errstate(all="ignore"):
            deque(map(call, self._last_calls if last else self._calls), maxlen=0)
            return self._chunk.loss(batches, tail), self._norms[:steps]

    def steps_of(self, chunk: int) -> int:
        """Return how many steps a chunk has."""
        return self._in_last + bool(self._chunk.tail) if chunk == self.chunks - 1 else self._chunk.batches
