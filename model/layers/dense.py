"""The dense layer: every output depends on every input."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.design import Floats
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, RowMemory, Tensor
from model.layers.pieces import Chain
from model.ranges import Width
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class Dense(Layer):
    """Computes `units` weighted sums of all inputs, each with a bias.

        z = aW + b
        ∂L/∂W = aᵀδ; ∂L/∂b = Σ δ; ∂L/∂a = δWᵀ

    The bias is the last row of the weights. The row of ones of the activations brings it into both products.
    """

    overwritable: ClassVar[bool] = True

    units: Width

    def width(self, inputs: int) -> int:
        """Return the number of units."""
        return self.units

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return one tensor: W, and b in the row below it."""
        shape = (inputs + 1, self.units)
        return (Tensor("weights", shape, inputs, fill=(0.0,), fan_in=inputs, fan_out=self.units),)

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return aW + b; the backward pass returns δWᵀ, and aᵀδ above Σ δ."""
        W, b = own["weights"][:-1], own["weights"][-1]
        return a @ W + b, lambda delta: (delta @ W.T, {"weights": np.vstack([a.T @ delta, delta.sum(0)])})

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record aW + b; then aᵀδ with Σ δ, and δWᵀ."""
        W, gradient = arena.parameters()
        z = arena.activations(self.units)
        tape.product(tape.transposed(W), a, arena.values(z))
        arena.keep(a)

        def backward(delta: Floats) -> Floats:
            tape.product(a, tape.transposed(delta), gradient)
            if not arena.input_wanted(a):
                return delta
            out = arena.instead_of(z, W.shape[-2] - 1)
            tape.product(arena.values(W), delta, out)
            return out

        return z, backward

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Keep the layer."""
        folded.append((self, own))

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Multiply by W and add b."""
        chain.multiply(own["weights"][:-1], own["weights"][-1])
        return True

    def row_memory(self, inputs: int, before: Layer | None) -> RowMemory:
        """Return one output and the gradient of the input, which the first layer of a network does not need."""
        return RowMemory(self.units + 1, gradients=0 if before is None else inputs)
