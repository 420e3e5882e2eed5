"""Batch normalization."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.layers.layer import Backward, Layer, Tensor
from model.network.recorder import Recorder
from model.ranges import Positive, Proportion


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

    def record(self, do: Recorder, a: Floats) -> tuple[Floats, Backward]:
        """Record the normalization by this batch, or by the running averages."""
        parameters, gradient = do.parameters()
        (gamma, beta), (gamma_gradient, beta_gradient) = columns(parameters), columns(gradient)
        z, out = do.values(a), do.place(a)
        normal, spread = self._normalize(do, z, contiguous=do.input_wanted(a))
        do(np.multiply, normal, gamma, do.values(out))
        do(np.add, do.values(out), beta, do.values(out))

        def backward(delta: Floats) -> Floats:
            mean_delta, mean_both = do.column(z.shape[-2]), do.column(z.shape[-2])
            both = do.scratch_like(normal)
            do.row_mean(delta, mean_delta)
            do(np.multiply, delta, normal, both)
            do.row_mean(both, mean_both)
            do(np.multiply, mean_delta, do.number(do.rows), beta_gradient)
            do(np.multiply, mean_both, do.number(do.rows), gamma_gradient)
            if do.training:
                do(np.subtract, delta, mean_delta, delta)
                do(np.multiply, normal, mean_both, both)
                do(np.subtract, delta, both, delta)
            do(np.multiply, delta, gamma, delta)
            do(np.divide, delta, spread, delta)
            return delta

        return out, backward

    def _normalize(self, do: Recorder, z: Floats, contiguous: bool) -> tuple[Floats, Floats]:
        """Record x̂ and √(σ² + ε); in training, move the running averages too.

        The network's own input lies row by row, and its means by BLAS may then differ in the last bit between one
        network and several side by side: it is copied first.
        """
        mean, variance = columns(do.state())
        normal, spread = do.fresh(z.shape[-2]), do.column(z.shape[-2])
        if do.training:
            running_mean, running_variance = mean, variance
            mean, variance = do.column(z.shape[-2]), do.column(z.shape[-2])
            if not contiguous:
                do(np.copyto, normal, z)
                z = normal
            do.row_mean(z, mean)
            do(np.subtract, z, mean, normal)
            square = do.scratch_like(normal)
            do(np.multiply, normal, normal, square)
            do.row_mean(square, variance)
            move(do, running_mean, mean, self.momentum)
            move(do, running_variance, variance, self.momentum, do.rows / max(do.rows - 1, 1))
        else:
            do(np.subtract, z, mean, normal)
        do(np.add, variance, do.number(self.epsilon), spread)
        do(np.sqrt, spread, spread)
        do(np.divide, normal, spread, normal)
        return normal, spread


def columns(a: Floats) -> tuple[Floats, Floats]:
    """Return the two rows of ([K,] 2, h) as columns ([K,] h, 1), to be spread over a batch."""
    return a[..., 0, :, None], a[..., 1, :, None]


def move(do: Recorder, average: Floats, batch: Floats, momentum: float, correction: float = 1.0) -> None:
    """Record average ← (1 − momentum) average + momentum · correction · batch."""
    share = do.scratch_like(batch)
    do(np.multiply, average, do.number(1 - momentum), average)
    do(np.multiply, batch, do.number(momentum * correction), share)
    do(np.add, average, share, average)
