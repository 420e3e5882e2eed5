"""The random masks of dropout, drawn for all steps of a chunk at once."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import DTypeLike

from model.design import Floats
from model.random import stream
from model.training.plan import EpochPlan

MASKS = 16  # the purpose of the random stream of the first layer; later layers count up from it
LEVELS = 1 << 16


@dataclass(frozen=True)
class Mask:
    """The masks of one layer, with a random stream for each member.

    Shapes: full (batches, [K,] h, B); short (1, [K,] h, B).
    """

    full: Floats
    short: Floats
    streams: tuple[np.random.PCG64, ...]
    dropped: int

    def fill(self, batches: int, short: bool) -> None:
        """Draw the masks of the next steps. A mask takes whole random words: the chunk size does not change it."""
        self._draw(self.full[:batches])
        if short:
            self._draw(self.short)

    def _draw(self, masks: Floats) -> None:
        keep = LEVELS / (LEVELS - self.dropped)
        shape = masks.shape[-2:]
        words = math.ceil(math.prod(shape) / 4)
        by_member = masks.reshape(len(masks), len(self.streams), *shape)
        for member, bits in enumerate(self.streams):
            levels = bits.random_raw(len(masks) * words).view(np.uint16).reshape(len(masks), -1)
            kept = levels[:, : math.prod(shape)] >= self.dropped
            np.multiply(kept.reshape(len(masks), *shape), keep, by_member[:, member], casting="unsafe")


class Masks:
    """The masks of all layers, allocated while the first step is recorded and used by all steps."""

    def __init__(self, seeds: Sequence[int], plan: EpochPlan, lead: tuple[int, ...], dtype: DTypeLike) -> None:
        self._seeds, self._plan, self._lead, self._dtype = seeds, plan, lead, dtype
        self._masks: list[Mask] = []

    @property
    def streams(self) -> list[np.random.PCG64]:
        """All random streams."""
        return [bits for mask in self._masks for bits in mask.streams]

    def for_batch(self, i: int | None, network: int | None = None) -> Callable[[int, float], Floats]:
        """Return a function that returns the masks of the i-th batch, layer by layer, of all networks or of one.

        `i` is None for the short batch.
        """
        asked = count()

        def mask(width: int, rate: float) -> Floats:
            layer = next(asked)
            if layer == len(self._masks):
                self._masks.append(self._allocate(layer, width, rate))
            found: Floats = self._masks[layer].short[0] if i is None else self._masks[layer].full[i]
            return found if network is None else found[network]

        return mask

    def _allocate(self, layer: int, width: int, rate: float) -> Mask:
        batches = self._plan.chunk_steps * self._plan.parts
        full = np.zeros((batches, *self._lead, width, self._plan.rows), self._dtype)
        short = np.zeros((1, *self._lead, width, self._plan.short), self._dtype)
        streams = tuple(stream(seed, MASKS + layer) for seed in self._seeds)
        return Mask(full, short, streams, min(round(rate * LEVELS), LEVELS - 1))

    def fill(self, batches: int, short: bool) -> None:
        """Draw all masks of a chunk."""
        for mask in self._masks:
            mask.fill(batches, short)
