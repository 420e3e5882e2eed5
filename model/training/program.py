"""The training program: the steps of an epoch as flat lists of calls, over memory that is allocated once.

Rows are loaded in *chunks* of batches. The calls of each batch of a chunk are recorded once. They use the rows, labels
and learning rate of the batch, and activations that all batches share. A step is a loop over these calls: it allocates
no memory and looks up no shapes or names.
"""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from operator import call
from typing import TypeAlias

import numpy as np

from model.design import Floats, Integers
from model.network.parameters import Buffers
from model.network.stack import Stack
from model.spec import Spec
from model.tape import Arena, Call, Memory, Tape, Views
from model.training.chunk import Batch, Chunk
from model.training.masks import Masks
from model.training.plan import EpochPlan
from model.training.rows import Rows
from model.training.updating import Penalties, StepScalars, record_norm, record_update

Phase: TypeAlias = list[list[Call]]
"""The calls of each thread. The next phase begins when all threads have made their calls."""

UNDONE = -1.0  # the gradient norm of a step that has not run yet


class Program:
    """The recorded steps of a training, and their memory."""

    def __init__(self, spec: Spec, stack: Stack, buffers: Buffers, rows: Rows, plan: EpochPlan) -> None:
        self._spec, self._stack, self._buffers, self._plan = spec, stack, buffers, plan
        seeds = range(spec.seed, spec.seed + (buffers.lead[0] if buffers.lead else 1))
        self._chunk = Chunk(rows, spec.loss, plan, buffers.lead, buffers.dtype)
        self.masks = Masks(seeds, plan, buffers.lead, buffers.dtype)
        self._blocks = [buffers.blocks(plan.block, part, plan.parts) for part in range(plan.parts)]
        slots, column = plan.chunk_steps + 1, (*buffers.lead, 1) if buffers.lead else ()
        count = 1 + len(spec.optimizer.coefficients(np.ones(1), np.ones(1)))
        self._coefficients = np.zeros((count, slots, *column), buffers.dtype)
        self._norms = np.full((slots, *(column or (sum(map(len, self._blocks)),))), UNDONE, buffers.dtype)
        self._penalties = Penalties.of(spec, stack, buffers.dtype)
        self._pool = ThreadPoolExecutor(1) if plan.parts == 2 else None
        self._record_all()

    def _record_all(self) -> None:
        plan = self._plan
        first = Memory(self._buffers.dtype)
        self._memories = [first, *(Memory(self._buffers.dtype, first) for _ in range(1, plan.parts))]
        # The second part's gradient uses the memory of the update. It is added to the first part's before the update.
        self._views = [self._buffers.views_with(self._buffers.gradients[part]) for part in range(plan.parts)]
        steps = [self._record_step(i) for i in range(plan.chunk_steps)]
        self._calls, self._last_calls = [list(chain(*each)) for each in (steps, steps[: plan.last_steps])]
        if plan.short:
            memory = Memory(self._buffers.dtype, first)
            tape = self._record_batch(memory, self._buffers.views, self._chunk.short_batch(), None)
            for part in range(plan.parts):
                self._record_gradient(tape, part, plan.last_steps, whole=True)
            for part in range(plan.parts):
                self._record_update(tape, part, plan.last_steps)
            self._last_calls = [*self._last_calls, [tape.calls]]
        if plan.parts == 1:
            self._calls, self._last_calls = joined(self._calls), joined(self._last_calls)

    def _record_step(self, i: int) -> list[Phase]:
        """Record the i-th step of a chunk: forward, loss and backward for each part of its batch, then the update.

        The threads share the update: each updates a part of the parameters.
        """
        parts = range(self._plan.parts)
        batches = [i * self._plan.parts + part for part in parts]
        passes = zip(self._memories, self._views, batches, strict=True)
        phases = [[self._record_batch(memory, views, self._chunk.batch_at(at), at) for memory, views, at in passes]]
        if len(parts) > 1:
            phases.append(self._tapes())
        for part, tape in zip(parts, phases[-1], strict=True):
            self._record_gradient(tape, part, i, whole=len(parts) == 1)
        if len(parts) > 1 and self._spec.clip_norm is not None:
            phases.append(self._tapes())  # the norm is that of the whole gradient
        for part, tape in zip(parts, phases[-1], strict=True):
            self._record_update(tape, part, i)
        return [[tape.calls for tape in phase] for phase in phases]

    def _tapes(self) -> list[Tape]:
        return [Tape(memory) for memory in self._memories]

    def _record_batch(self, memory: Memory, views: Views, batch: Batch, i: int | None) -> Tape:
        tape, rows = Tape(memory), batch.inputs.shape[-1]
        if self._plan.stacked:
            self._record_pass(tape, Arena(memory, views, rows, self.masks.for_batch(i)), batch)
            return tape
        for network in range(self._buffers.lead[0]):
            arena = Arena(memory, views.of(network), rows, self.masks.for_batch(i, network))
            self._record_pass(tape, arena, batch.of(network))
        return tape

    def _record_pass(self, tape: Tape, arena: Arena, batch: Batch) -> None:
        arena.network_input(batch.inputs)
        backward = self._stack.record(tape, arena, batch.inputs, batch.logits)
        backward(self._spec.loss.record(tape, arena, batch.logits, batch.target, batch.weight))

    def _record_gradient(self, tape: Tape, part: int, i: int, whole: bool) -> None:
        """Record the norm of a part of the gradient; first the sum over both parts of the batch, unless `whole`."""
        before = sum(map(len, self._blocks[:part]))
        for at, block in enumerate(self._blocks[part], start=before):
            gradient, other = tape.split(block.gradients)
            if not whole:
                tape(np.add, gradient, other, gradient)
            record_norm(tape, block, at, self._norms[i])

    def _record_update(self, tape: Tape, part: int, i: int) -> None:
        rate, *rest = (column[i, ...] for column in self._coefficients)
        for block in self._blocks[part]:
            record_update(tape, self._spec, block, self._penalties, StepScalars(rate, rest, self._norms[i]))

    def run(self, order: Integers, chunk: int, coefficients: Floats) -> tuple[Floats, Floats]:
        """Run one chunk of an epoch; return the sum of the losses of its rows, and the gradient norm of each step.

        Shapes: order ([K,] n), all rows of the epoch; coefficients (1 + m, steps, [K, 1]), learning rates and the m
        coefficients of the optimizer; losses ([K]); norms (steps, [K, 1]).
        """
        plan, steps = self._plan, coefficients.shape[1]
        last = chunk == plan.chunks - 1
        batches = (plan.last_steps if last else plan.chunk_steps) * plan.parts
        short = last and plan.short > 0
        start = chunk * plan.chunk_steps * plan.parts * plan.rows
        self._chunk.load(order[..., start : start + batches * plan.rows + short * plan.short], batches)
        self._coefficients[:, :steps] = coefficients
        self.masks.fill(batches, short)
        self._perform(self._last_calls if last else self._calls)
        norms = self._norms[:steps] if self._buffers.lead else np.add.reduce(self._norms[:steps], -1)
        result = self._chunk.loss(batches, short), np.sqrt(norms)
        self._norms.fill(UNDONE)
        return result

    def _perform(self, phases: Iterable[Phase]) -> None:
        for own, *others in phases:
            if self._pool is None or not others:
                perform(own)
                continue
            beside = self._pool.submit(perform_beside, others[0])
            perform(own)
            beside.result()

    @property
    def steps_done(self) -> int:
        """The number of steps of the current chunk with a computed gradient. Other threads may read it."""
        return int(np.count_nonzero((self._norms != UNDONE).reshape(len(self._norms), -1).all(-1)))

    def steps_of(self, chunk: int) -> int:
        """Return the number of steps of a chunk."""
        plan = self._plan
        return plan.last_steps + (plan.short > 0) if chunk == plan.chunks - 1 else plan.chunk_steps


def perform(calls: Iterable[Call]) -> None:
    """Make all calls; the loop runs in C."""
    deque(map(call, calls), maxlen=0)


def perform_beside(calls: Iterable[Call]) -> None:
    """Make all calls in another thread. NumPy keeps the handling of floating-point warnings for each thread."""
    with np.errstate(all="ignore"):
        perform(calls)


def joined(phases: Iterable[Phase]) -> list[Phase]:
    """Join the phases of a single thread into one."""
    return [[[each for (calls,) in phases for each in calls]]]
