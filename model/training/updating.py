"""From a step's gradient to the new parameters: clipping, decay and the optimizer, recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from model.design import Floats
from model.network.parameters import Block, kernel_mask
from model.network.recorder import Recorder
from model.network.stack import Stack
from model.spec import Spec


@dataclass(frozen=True)
class Step:
    """Where a step finds its learning rate and the optimizer's coefficients, and leaves ‖g‖² as it was unclipped.

    Shapes: rate and coefficients () or (K, 1) each; norms (blocks,) of one network's blocks, or (K, 1).
    """

    rate: Floats
    coefficients: Sequence[Floats]
    norms: Floats


@dataclass(frozen=True)
class Penalties:
    """What pulls each parameter towards zero; None where nothing does.

    Shapes: (P,), 0 for biases and the like.
    """

    l1: Floats | None
    decay: Floats | None

    @classmethod
    def of(cls, spec: Spec, stack: Stack, dtype: DTypeLike) -> "Penalties":
        """Return the spec's."""
        factors = (spec.l1, spec.weight_decay)
        return cls(*(factor * kernel_mask(stack, dtype) if factor else None for factor in factors))


def record_update(do: Recorder, spec: Spec, block: Block, penalties: Penalties, step: Step) -> None:
    """Record one update of a block of parameters, whose gradient is in its first row of gradients."""
    (gradient, _), values = do.split(block.gradients), block.values
    rate, *coefficients = (number[block.members] for number in (step.rate, *step.coefficients))
    if spec.clip_norm is not None:
        clip_by_norm(do, gradient, step.norms[block.members], spec.clip_norm)
    if spec.clip_value is not None:
        do(np.fmin, gradient, do.full_like(gradient, spec.clip_value), gradient)
        do(np.fmax, gradient, do.full_like(gradient, -spec.clip_value), gradient)
    if penalties.l1 is not None:
        pull = do.scratch_like(values)
        do(np.sign, values, pull)
        do(np.multiply, pull, penalties.l1[block.places], pull)
        do(np.add, gradient, pull, gradient)
    if penalties.decay is not None and not spec.optimizer.decoupled:
        pull = do.scratch_like(values)
        do(np.multiply, values, penalties.decay[block.places], pull)
        do(np.add, gradient, pull, gradient)
    update = spec.optimizer.record(do, block.gradients, block.moments, coefficients)
    if penalties.decay is not None and spec.optimizer.decoupled:
        pull = do.scratch_like(values)
        do(np.multiply, values, penalties.decay[block.places], pull)
        do(np.multiply, pull, rate, pull)
        do(np.add, update, pull, update)
    do(np.subtract, values, update, values)


def record_norm(do: Recorder, block: Block, i: int, norms: Floats) -> None:
    """Record ‖g‖² of the i-th block of a network, or of each of the block's networks.

    Shapes: norms (blocks,) or (K, 1).
    """
    gradient, _ = do.split(block.gradients)
    if gradient.ndim == 1:
        do(gradient.dot, gradient, norms[i, ...])
    else:
        do(np.vecdot, gradient, gradient, norms[block.members, 0])


def clip_by_norm(do: Recorder, gradient: Floats, norms: Floats, limit: float) -> None:
    """Record g ← g · min(1, limit / ‖g‖).

    Shapes: norms (blocks,) of one network, or (K, 1).
    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013.
    """
    scale = do.scratch(() if gradient.ndim == 1 else norms.shape)
    if gradient.ndim == 1:
        do(np.add.reduce, norms, 0, None, scale)
        do(np.sqrt, scale, scale)
    else:
        do(np.sqrt, norms, scale)
    do(np.divide, do.number(limit), scale, scale)
    do(np.fmin, scale, do.number(1), scale)
    do(np.multiply, gradient, scale, gradient)
