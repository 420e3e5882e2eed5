"""The plan of an epoch: how its rows are cut into chunks, batches and parts of batches."""

import math
from dataclasses import dataclass

from model.network.parameters import Buffers
from model.network.stack import Stack
from model.training.rows import Rows


@dataclass(frozen=True)
class Limits:
    """The limits that set the sizes of chunks, parts and blocks.

    - chunk_bytes: bytes of rows loaded at once; many against the cost of loading, few enough for the cache.
    - part_work: parameters times rows of a batch; below it, a second thread saves no time.
    - stack_work: parameters of one network times rows of a batch; above it, several networks train faster and in less
      memory one after another than side by side.
    - block: parameters updated at once; many against the cost of a call, few enough for the cache.
    """

    chunk_bytes: int = 1 << 20
    chunk_steps: int = 64
    part_work: float = 2e7
    stack_work: float = 1e6
    block: int = 1 << 16


LIMITS = Limits()


@dataclass(frozen=True)
class EpochPlan:
    """The sizes of chunks, batches and parts. Only the last batch of an epoch, the short one, may have fewer rows.

    Every full batch is cut into `parts` parts of `rows` rows, one for each thread. The number of parts depends on the
    network and not on the machine, because it changes the rounding of sums. `stacked` networks share each call.
    """

    parts: int
    rows: int
    short: int
    chunk_steps: int
    last_steps: int
    chunks: int
    stacked: bool = True
    block: int = Limits.block

    @property
    def steps(self) -> int:
        """The number of steps of an epoch."""
        return (self.chunks - 1) * self.chunk_steps + self.last_steps + bool(self.short)

    @property
    def capacity(self) -> int:
        """The number of rows of the largest chunk."""
        return self.chunk_steps * self.parts * self.rows + self.short


def plan_for(batch_size: int, rows: Rows, stack: Stack, buffers: Buffers, limits: Limits = LIMITS) -> EpochPlan:
    """Return the plan of an epoch over these rows, in batches of this size."""
    batch = min(batch_size, rows.count)
    full, short = divmod(rows.count, batch)
    parts = parts_of(batch, stack, buffers, limits)
    bytes_a_batch = batch * (rows.width + 1) * buffers.dtype.itemsize * math.prod(buffers.lead)
    chunks = math.ceil(full / max(1, min(limits.chunk_steps, limits.chunk_bytes // bytes_a_batch)))
    steps = math.ceil(full / chunks)
    stacked = batch * buffers.values.shape[-1] <= limits.stack_work
    last_steps = full - (chunks - 1) * steps
    return EpochPlan(parts, batch // parts, short, steps, last_steps, chunks, stacked or not buffers.lead, limits.block)


def parts_of(batch: int, stack: Stack, buffers: Buffers, limits: Limits) -> int:
    """Return 2 for a single wide network without batch norm, else 1."""
    work = batch * buffers.values.size
    apart = not buffers.lead and not buffers.states.size and batch % 2 == 0
    return 2 if apart and work > limits.part_work else 1
