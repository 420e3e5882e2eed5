"""The identity: an activation that changes nothing."""

from dataclasses import dataclass
from typing import ClassVar

from model.design import Floats
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward
from model.layers.pieces import Chain
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class Identity(Layer):
    """Returns its input: a = z; ∂L/∂z = ∂L/∂a."""

    initializer: ClassVar[str] = "glorot"
    is_activation: ClassVar[bool] = True

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return the input; the backward pass returns δ."""
        return a, lambda delta: (delta, {})

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record nothing."""
        return a, lambda delta: delta

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Drop the layer."""

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Leave the chain as it is."""
        return True
