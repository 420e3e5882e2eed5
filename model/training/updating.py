"""From a step's gradient to the new parameters: clipping, decay and the optimizer, recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.network.parameters import Numbers
from model.network.recorder import Recorder
from model.spec import Spec


@dataclass(frozen=True)
class Step:
    """Where a step finds its learning rate and the optimizer's coefficients, and leaves ‖g‖² as it was unclipped.

    Shapes: () or (K, 1) each.
    """

    rate: Floats
    coefficients: Sequence[Floats]
    norm: Floats


def record_update(do: Recorder, spec: Spec, numbers: Numbers, kernel: Floats, step: Step) -> None:
    """Record one update of all parameters.

    Shapes: kernel (P,), 1 for weights and 0 for biases.
    """
    gradient, values = numbers.gradients[0], numbers.values
    record_norm(do, gradient, step.norm)
    if spec.clip_norm is not None:
        clip_by_norm(do, gradient, step.norm, spec.clip_norm)
    if spec.clip_value is not None:
        do(np.fmin, gradient, do.full_like(gradient, spec.clip_value), gradient)
        do(np.fmax, gradient, do.full_like(gradient, -spec.clip_value), gradient)
    decay = do.scratch_like(values)
    if spec.l1:
        do(np.sign, values, decay)
        do(np.multiply, decay, spec.l1 * kernel, decay)
        do(np.add, gradient, decay, gradient)
    if spec.weight_decay and not spec.optimizer.decoupled:
        do(np.multiply, values, spec.weight_decay * kernel, decay)
        do(np.add, gradient, decay, gradient)
    update = spec.optimizer.record(do, numbers.gradients, numbers.moments, step.coefficients)
    if spec.weight_decay and spec.optimizer.decoupled:
        do(np.multiply, values, spec.weight_decay * kernel, decay)
        do(np.multiply, decay, step.rate, decay)
        do(np.add, update, decay, update)
    do(np.subtract, values, update, values)


def record_norm(do: Recorder, gradient: Floats, norm: Floats) -> None:
    """Record ‖g‖² of each member."""
    if gradient.ndim == 1:
        do(gradient.dot, gradient, norm)
    else:
        do(np.vecdot, gradient, gradient, norm[:, 0])


def clip_by_norm(do: Recorder, gradient: Floats, norm: Floats, limit: float) -> None:
    """Record g ← g · min(1, limit / ‖g‖).

    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013.
    """
    scale = do.scratch_like(norm)
    do(np.sqrt, norm, scale)
    do(np.divide, do.number(limit), scale, scale)
    do(np.fmin, scale, do.number(1), scale)
    do(np.multiply, gradient, scale, gradient)
