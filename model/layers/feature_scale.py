"""A learned factor for each input."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, RowMemory, Tensor
from model.layers.pieces import Chain
from model.ranges import Positive
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class FeatureScale(Layer):
    """Multiplies each input by a learned factor, so that a network can soon ignore the inputs that tell nothing.

        out = a ⊙ (1 + speed · θ); ∂L/∂θ = speed · Σ δ ⊙ a; ∂L/∂a = δ ⊙ (1 + speed · θ)

    θ starts at 0 and does not decay. With `speed` above 1, the factors learn faster than weights of the same rate.

    Source: Holzmüller, Grinsztajn & Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on tabular
    data", 2024.
    """

    speed: Positive = 6.0

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return θ, (inputs, 1)."""
        return (Tensor("theta", (inputs, 1), 0, (0.0,) * inputs),)

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return the scaled inputs; the backward pass scales δ, and sums over the rows for θ."""
        factors = self._factors(own)
        return a * factors, lambda delta: (delta * factors, {"theta": self.speed * (delta * a).sum(0)[:, None]})

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the factors, then their product with the inputs."""
        theta, gradient = arena.parameters()
        arena.keep(a)
        out, factors = arena.activations(a.shape[-2] - 1), arena.column(a.shape[-2] - 1)
        speed = tape.number(self.speed)
        tape(np.multiply, theta, speed, factors)
        tape(np.add, factors, tape.number(1), factors)
        tape(np.multiply, arena.values(a), factors, arena.values(out))

        def backward(delta: Floats) -> Floats:
            tape(np.vecdot, delta, arena.values(a), gradient[..., 0])
            tape(np.multiply, gradient, speed, gradient)
            if arena.input_wanted(a):
                tape(np.multiply, delta, factors, delta)
            return delta

        return out, backward

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Keep the layer."""
        folded.append((self, own))

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Multiply by the factors."""
        factors = self._factors(own)
        chain.multiply(np.diag(factors), np.zeros(len(factors)))
        return True

    def row_memory(self, inputs: int, before: Layer | None) -> RowMemory:
        """Return the scaled inputs."""
        return RowMemory(inputs + 1)

    def _factors(self, own: Arrays) -> Floats:
        return np.asarray(1.0 + self.speed * own["theta"][:, 0])
