"""The activation that changes nothing."""

from dataclasses import dataclass
from typing import ClassVar

from model.design import Floats
from model.layers.layer import Backward, Layer
from model.tape import Arena, Tape


@dataclass(frozen=True)
class Identity(Layer):
    """a = z; ∂L/∂z = ∂L/∂a."""

    initializer: ClassVar[str] = "glorot"

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record nothing."""
        return a, lambda delta: delta
