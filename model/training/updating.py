"""Records the update of parameters from a gradient: clipping, penalties and the optimizer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from model.design import Floats
from model.network.parameters import Block, kernel_mask
from model.network.stack import Stack
from model.spec import Spec
from model.tape import Tape


@dataclass(frozen=True)
class StepScalars:
    """The scalars of a step: its learning rate, the coefficients of the optimizer, and ‖g‖² before clipping.

    Shapes: rate and coefficients () or (K, 1) each; norms (blocks,) for the blocks of one network, or (K, 1).
    """

    rate: Floats
    coefficients: Sequence[Floats]
    norms: Floats


@dataclass(frozen=True)
class Penalties:
    """The factors of L1 and weight decay for each parameter; None for a factor of zero.

    Shapes: (P,), with 0 for all parameters that are not weights.
    """

    l1: Floats | None
    decay: Floats | None

    @classmethod
    def of(cls, spec: Spec, stack: Stack, dtype: DTypeLike) -> "Penalties":
        """Return the factors of a spec."""
        factors = (spec.l1, spec.weight_decay)
        return cls(*(factor * kernel_mask(stack, dtype) if factor else None for factor in factors))


def record_update(tape: Tape, spec: Spec, block: Block, penalties: Penalties, step: StepScalars) -> None:
    """Record one update of a block of parameters. Its gradient is the first row of `block.gradients`."""
    (gradient, _), values = tape.split(block.gradients), block.values
    rate, *coefficients = (number[block.members] for number in (step.rate, *step.coefficients))
    if spec.clip_norm is not None:
        clip_by_norm(tape, gradient, step.norms[block.members], spec.clip_norm)
    if spec.clip_value is not None:
        tape(np.fmin, gradient, tape.full_like(gradient, spec.clip_value), gradient)
        tape(np.fmax, gradient, tape.full_like(gradient, -spec.clip_value), gradient)
    if penalties.l1 is not None:
        penalty = tape.scratch_like(values)
        tape(np.sign, values, penalty)
        tape(np.multiply, penalty, penalties.l1[block.places], penalty)
        tape(np.add, gradient, penalty, gradient)
    if penalties.decay is not None and not spec.optimizer.decoupled:
        penalty = tape.scratch_like(values)
        tape(np.multiply, values, penalties.decay[block.places], penalty)
        tape(np.add, gradient, penalty, gradient)
    update = spec.optimizer.record(tape, block.gradients, block.moments, coefficients)
    if penalties.decay is not None and spec.optimizer.decoupled:
        penalty = tape.scratch_like(values)
        tape(np.multiply, values, penalties.decay[block.places], penalty)
        tape(np.multiply, penalty, rate, penalty)
        tape(np.add, update, penalty, update)
    tape(np.subtract, values, update, values)


def record_norm(tape: Tape, block: Block, i: int, norms: Floats) -> None:
    """Record ‖g‖² of the i-th block of a network, or of each network of a block.

    Shapes: norms (blocks,) or (K, 1).
    """
    gradient, _ = tape.split(block.gradients)
    if gradient.ndim == 1:
        tape(gradient.dot, gradient, norms[i, ...])
    else:
        tape(np.vecdot, gradient, gradient, norms[block.members, 0])


def clip_by_norm(tape: Tape, gradient: Floats, norms: Floats, limit: float) -> None:
    """Record g ← g · min(1, limit / ‖g‖).

    Shapes: norms (blocks,) of one network, or (K, 1).
    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013.
    """
    scale = tape.scratch(() if gradient.ndim == 1 else norms.shape)
    if gradient.ndim == 1:
        tape(np.add.reduce, norms, 0, None, scale)
        tape(np.sqrt, scale, scale)
    else:
        tape(np.sqrt, norms, scale)
    tape(np.divide, tape.number(limit), scale, scale)
    tape(np.fmin, scale, tape.number(1), scale)
    tape(np.multiply, gradient, scale, gradient)
