"""The parameters and the running state of a network, as the layers read them."""

from collections.abc import Sequence
from dataclasses import dataclass

from model.design import Floats


@dataclass(frozen=True)
class Views:
    """The arrays that the layers read and write, in the order in which the layers declare them.

    `lead` is (K,) for K networks side by side, and () for a single network: its arrays have no such axis.

    Shapes: tensors, pairs of parameters and gradients, ([K,] rows, columns) each; states, running averages, likewise.
    """

    lead: tuple[int, ...]
    tensors: Sequence[tuple[Floats, Floats]]
    states: Sequence[Floats]

    def of(self, network: int) -> "Views":
        """Return the arrays of one of the K networks, in the shapes of a single network."""
        tensors = [(values[network], gradient[network]) for values, gradient in self.tensors]
        return Views((), tensors, [state[network] for state in self.states])
