"""Batch normalization."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.dense import Dense
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, Tensor
from model.layers.pieces import Chain
from model.ranges import Positive, Proportion
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Shifts and scales each feature to mean 0 and variance 1 over the batch, then to a learned mean and scale.

        a = γx̂ + β, x̂ = (z − μ)/√(σ² + ε)
        ∂L/∂β = Σ δ; ∂L/∂γ = Σ δx̂; ∂L/∂z = γ/√(σ² + ε) · (δ − mean δ − x̂ · mean δx̂)

    μ and σ² are the mean and variance of the batch; in scoring, their running averages. At each step a running
    average moves by the share `momentum` towards the value of the batch.

    Source: Ioffe & Szegedy, "Batch normalization", 2015.
    """

    needs_batch: ClassVar[bool] = True
    overwritable: ClassVar[bool] = True

    momentum: Proportion = 0.1
    epsilon: Positive = 1e-5

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return one tensor: γ in the first row, β in the second."""
        return (Tensor("scale", (2, inputs), 0, fill=(1.0, 0.0)),)

    def states(self, inputs: int) -> tuple[Tensor, ...]:
        """Return one tensor: the running mean in the first row, the running variance in the second."""
        return (Tensor("running", (2, inputs), 0, fill=(0.0, 1.0)),)

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return γx̂ + β by the mean and variance of the batch; without masks, by the running averages."""
        gamma, beta = own["scale"]
        mean, variance = own["running"] if masks is None else (a.mean(0), a.var(0))
        spread = np.sqrt(variance + self.epsilon)
        x = (a - mean) / spread

        def backward(delta: Floats) -> tuple[Floats, Arrays]:
            gradients = {"scale": np.stack([(delta * x).sum(0), delta.sum(0)])}
            if masks is not None:
                delta = delta - delta.mean(0) - x * (delta * x).mean(0)
            return delta * gamma / spread, gradients

        return gamma * x + beta, backward

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the normalization: in training by the batch, in scoring by the running averages."""
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
        """Record x̂ and √(σ² + ε). In training, also move the running averages.

        The network's input is stored row by row. Its means by BLAS may then differ in the last bit between one network
        and several side by side, so the input is copied first.
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

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Fold the layer into a dense layer before it: W and b become Ws and bs + t. Keep it after any other."""
        if not folded or not isinstance(folded[-1][0], Dense):
            folded.append((self, own))
            return
        dense, arrays = folded.pop()
        factor, shift = self._affine(own)
        weights = arrays["weights"] * factor[..., None, :]
        weights[..., -1, :] += shift
        folded.append((dense, {"weights": weights}))

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Multiply by s and add t."""
        factor, shift = self._affine(own)
        chain.multiply(np.diag(factor), shift)
        return True

    def _affine(self, own: Arrays) -> tuple[Floats, Floats]:
        """Return s and t of the scoring form zs + t: s = γ/√(σ² + ε), t = β − μs."""
        (gamma, beta), (mean, variance) = (np.moveaxis(own[name], -2, 0) for name in ("scale", "running"))
        factor = gamma / np.sqrt(variance + self.epsilon)
        return factor, beta - mean * factor


def columns(a: Floats) -> tuple[Floats, Floats]:
    """Return the two rows of ([K,] 2, h) as columns ([K,] h, 1), which broadcast over a batch."""
    return a[..., 0, :, None], a[..., 1, :, None]


def move(tape: Tape, average: Floats, batch: Floats, momentum: float, correction: float = 1.0) -> None:
    """Record average ← (1 − momentum) average + momentum · correction · batch."""
    part = tape.scratch_like(batch)
    tape(np.multiply, average, tape.number(1 - momentum), average)
    tape(np.multiply, batch, tape.number(momentum * correction), part)
    tape(np.add, average, part, average)
