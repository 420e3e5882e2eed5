"""How an epoch's rows are cut: into chunks that are loaded at once, steps, and the parts of a step's batch."""

import math
from dataclasses import dataclass

from model.network.parameters import Buffers
from model.network.stack import Stack
from model.training.rows import Rows


@dataclass(frozen=True)
class Limits:
    """The limits that set the sizes of chunks, parts and blocks.

    Units: chunk_bytes of the rows loaded at once, large against the cost of loading and small enough for the cache;
    part_work in parameters times rows of a batch, below which a second thread saves no time; stack_work the same for
    one of several networks, above which networks train faster and in less memory one after another than side by side;
    block in parameters updated at once, large against the cost of a call and small enough for the cache.
    """

    chunk_bytes: int = 1 << 20
    chunk_steps: int = 64
    part_work: float = 2e7
    stack_work: float = 1e6
    block: int = 1 << 16


LIMITS = Limits()


@dataclass(frozen=True)
class EpochPlan:
    """The sizes of chunks, batches and parts. Only the epoch's last batch, the short one, may have fewer rows.

    Every full batch is cut into `parts` of `rows` rows, each for a thread of its own. How many depends on the network
    alone and not on the machine, because sums over parts are rounded differently. Networks are `stacked` if one call
    computes all of them.
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
        """How many steps an epoch has."""
        return (self.chunks - 1) * self.chunk_steps + self.last_steps + bool(self.short)

    @property
    def capacity(self) -> int:
        """How many rows the largest chunk has."""
        return self.chunk_steps * self.parts * self.rows + self.short


def plan_for(batch_size: int, rows: Rows, stack: Stack, buffers: Buffers, limits: Limits = LIMITS) -> EpochPlan:
    """Return the plan of training a network on rows, in batches of this size."""
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
    """Return 2 for a single wide network whose rows do not depend on each other, else 1."""
    work = batch * buffers.values.size
    apart = not buffers.lead and not buffers.states.size and batch % 2 == 0
    return 2 if apart and work > limits.part_work else 1
