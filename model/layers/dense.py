"""The dense layer: every output sees every input."""

from dataclasses import dataclass

from model.design import Floats
from model.layers.layer import Backward, Layer, Tensor
from model.network.recorder import Recorder
from model.ranges import Width


@dataclass(frozen=True)
class Dense(Layer):
    """z = aW + b; ∂L/∂W = aᵀδ; ∂L/∂b = Σ δ; ∂L/∂a = δWᵀ.

    The bias is the last row of W, and the activations' row of ones brings it into both products.
    """

    units: Width

    def width(self, inputs: int) -> int:
        """Return the number of units."""
        return self.units

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return W with the bias below it."""
        shape = (inputs + 1, self.units)
        return (Tensor("weights", shape, inputs, fill=(0.0,), fan_in=inputs, fan_out=self.units),)

    def record(self, do: Recorder, a: Floats) -> tuple[Floats, Backward]:
        """Record the three products."""
        W, gradient = do.parameters()
        z = do.activations(self.units)
        do.product(do.transposed(W), a, do.values(z))
        do.keep(a)

        def backward(delta: Floats) -> Floats:
            do.product(a, do.transposed(delta), gradient)
            if not do.input_wanted(a):
                return delta
            out = do.instead_of(z, W.shape[-2] - 1)
            do.product(do.values(W), delta, out)
            return out

        return z, backward
