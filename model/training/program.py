"""The training program: the steps of an epoch as flat lists of calls, over memory that is allocated once.

Rows are loaded a *chunk* of batches at a time. The calls of each batch of the chunk are recorded once; they use the
batch's own rows, labels and learning rate, and activations that all batches share. A step is then a loop over calls: it
allocates no memory and looks up no shapes or names.
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
"""The calls of each thread; the next phase begins when all threads have made their calls."""

UNDONE = -1.0  # in the place of a gradient norm until the step has computed it


class Program:
    """The calls of a training's steps, and the memory they work in."""

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
        # The second part's gradient uses the update's memory: it is added to the first's before the update.
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
        """Record the i-th step of a chunk: forward, loss and backward for each part of its batch, and the update.

        The threads share the update, too: each updates some of the parameters.
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
            phases.append(self._tapes())  # the norm is that of all parts together
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
        """Record the norm of a part of the gradient; unless it is whole, first the sum over both parts' rows."""
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
        """Run one chunk of an epoch; return the sum of its rows' losses, and each step's gradient norm.

        Shapes: order ([K,] n) of all the epoch's rows; coefficients (1 + m, steps, [K, 1]), the learning rates and the
        optimizer's m coefficients; losses ([K]); norms (steps, [K, 1]).
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
        told = self._chunk.loss(batches, short), np.sqrt(norms)
        self._norms.fill(UNDONE)
        return told

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
        """How many steps of the current chunk have computed their gradient; other threads may call this."""
        return int(np.count_nonzero((self._norms != UNDONE).reshape(len(self._norms), -1).all(-1)))

    def steps_of(self, chunk: int) -> int:
        """Return how many steps a chunk has."""
        plan = self._plan
        return plan.last_steps + (plan.short > 0) if chunk == plan.chunks - 1 else plan.chunk_steps


def perform(calls: Iterable[Call]) -> None:
    """Make all calls, without a loop of ours."""
    deque(map(call, calls), maxlen=0)


def perform_beside(calls: Iterable[Call]) -> None:
    """Make all calls in another thread, whose floating-point warnings must be ignored separately."""
    with np.errstate(all="ignore"):
        perform(calls)


def joined(phases: Iterable[Phase]) -> list[Phase]:
    """Return one thread's phases as a single phase."""
    return [[[each for (calls,) in phases for each in calls]]]
