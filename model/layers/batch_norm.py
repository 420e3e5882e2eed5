"""Batch normalization."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.layers.layer import Backward, Layer, Tensor
from model.ranges import Positive, Proportion
from model.tape import Arena, Tape


@dataclass(frozen=True)
class BatchNorm(Layer):
    """a = γx̂ + β, x̂ = (z − μ)/√(σ² + ε), with the mean and variance of the batch; in scoring, their running averages.

    ∂L/∂β = Σ δ; ∂L/∂γ = Σ δx̂; ∂L/∂z = γ/√(σ² + ε) · (δ − mean δ − x̂ · mean δx̂).
    A running average moves by `momentum` of the way at each step.

    Source: Ioffe & Szegedy, "Batch normalization", 2015.
    """

    momentum: Proportion = 0.1
    epsilon: Positive = 1e-5

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return γ and, below it, β."""
        return (Tensor("scale", (2, inputs), 0, fill=(1.0, 0.0)),)

    def states(self, inputs: int) -> tuple[Tensor, ...]:
        """Return the running mean and, below it, variance."""
        return (Tensor("running", (2, inputs), 0, fill=(0.0, 1.0)),)

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the normalization by this batch, or by the running averages."""
        parameters, gradient = arena.parameters()
        (gamma, beta), (gamma_gradient, beta_gradient) = columns(parameters), columns(gradient)
        z, out = arena.values(a), arena.place(a)
        normal, spread = self._normalize(tape, arena, z, contiguous=arena.input_wanted(a))
        tape(np.multiply, normal, gamma, arena.values(out))
        tape(np.add, arena.values(out), beta, arena.values(out))

        def backward(delta: Floats) -> Floats:
            mean_delta, mean_both = arena.column(z.shape[-2]), arena.column(z.shape[-2])
            both = tape.scratch_like(normal)
            tape.row_mean(delta, mean_delta)
            tape(np.multiply, delta, normal, both)
            tape.row_mean(both, mean_both)
            tape(np.multiply, mean_delta, tape.number(arena.rows), beta_gradient)
            tape(np.multiply, mean_both, tape.number(arena.rows), gamma_gradient)
            if arena.training:
                tape(np.subtract, delta, mean_delta, delta)
                tape(np.multiply, normal, mean_both, both)
                tape(np.subtract, delta, both, delta)
            tape(np.multiply, delta, gamma, delta)
            tape(np.divide, delta, spread, delta)
            return delta

        return out, backward

    def _normalize(self, tape: Tape, arena: Arena, z: Floats, contiguous: bool) -> tuple[Floats, Floats]:
        """Record x̂ and √(σ² + ε); in training, move the running averages too.

        The network's own input lies row by row, and its means by BLAS may then differ in the last bit between one
        network and several side by side: it is copied first.
        """
        mean, variance = columns(arena.state())
        normal, spread = arena.fresh(z.shape[-2]), arena.column(z.shape[-2])
        if arena.training:
            running_mean, running_variance = mean, variance
            mean, variance = arena.column(z.shape[-2]), arena.column(z.shape[-2])
            if not contiguous:
                tape(np.copyto, normal, z)
                z = normal
            tape.row_mean(z, mean)
            tape(np.subtract, z, mean, normal)
            square = tape.scratch_like(normal)
            tape(np.multiply, normal, normal, square)
            tape.row_mean(square, variance)
            move(tape, running_mean, mean, self.momentum)
            move(tape, running_variance, variance, self.momentum, arena.rows / max(arena.rows - 1, 1))
        else:
            tape(np.subtract, z, mean, normal)
        tape(np.add, variance, tape.number(self.epsilon), spread)
        tape(np.sqrt, spread, spread)
        tape(np.divide, normal, spread, normal)
        return normal, spread


def columns(a: Floats) -> tuple[Floats, Floats]:
    """Return the two rows of ([K,] 2, h) as columns ([K,] h, 1), to be spread over a batch."""
    return a[..., 0, :, None], a[..., 1, :, None]


def move(tape: Tape, average: Floats, batch: Floats, momentum: float, correction: float = 1.0) -> None:
    """Record average ← (1 − momentum) average + momentum · correction · batch."""
    share = tape.scratch_like(batch)
    tape(np.multiply, average, tape.number(1 - momentum), average)
    tape(np.multiply, batch, tape.number(momentum * correction), share)
    tape(np.add, average, share, average)
