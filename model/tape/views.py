"""The parameters and the running state of a network, as the layers read them."""

from collections.abc import Sequence
from dataclasses import dataclass

from model.design import Floats


@dataclass(frozen=True)
class Views:
    """The arrays that layers work on, in the order the layers declare them.

    `lead` is (K,) for K networks side by side and () for a single one, whose arrays then have no such axis.

    Shapes: tensors ([K,] rows, columns), parameters with their gradients; states the same, of running averages.
    """

    lead: tuple[int, ...]
    tensors: Sequence[tuple[Floats, Floats]]
    states: Sequence[Floats]

    def of(self, network: int) -> "Views":
        """Return the arrays of one of the K networks, as those of a single one."""
        tensors = [(values[network], gradient[network]) for values, gradient in self.tensors]
        return Views((), tensors, [state[network] for state in self.states])
