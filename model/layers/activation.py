"""The base of all activations."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from model.design import Floats
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, RowMemory
from model.layers.pieces import Chain
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class Activation(Layer):
    """A function of one number, applied to every number of its input."""

    is_activation: ClassVar[bool] = True
    slope: ClassVar[float | None] = None
    """The slope below zero of a piecewise-linear function that has slope 1 above zero; None for any other function."""

    @property
    def kinked(self) -> bool:
        """Whether the function is piecewise linear: its slope jumps at zero."""
        return self.slope is not None

    @abstractmethod
    def function(self, z: Floats) -> tuple[Floats, Floats]:
        """Return σ(z) and σ′(z) by their equations: the reference form."""

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record a ← σ(z), in place unless z is kept; return a function that records δ ← δ ⊙ σ′(z)."""
        out = arena.place(a)
        arena.keep(out)
        if self.kinked:
            arena.kinked.append(out)
        return out, self.record_function(tape, arena, arena.values(a), arena.values(out))

    @abstractmethod
    def record_function(self, tape: Tape, arena: Arena, z: Floats, a: Floats) -> Backward:
        """Record a ← σ(z); return a function that records δ ← δ ⊙ σ′(z) in place.

        The arrays `a` and `z` may share their memory. The numbers in `a` stay until the backward pass.
        """

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return σ(z); the backward pass returns δ ⊙ σ′(z)."""
        out, slope = self.function(a)
        return out, lambda delta: (delta * slope, {})

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Keep the activation."""
        folded.append((self, own))

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """End a piece at the kink; return False if the function is not piecewise linear."""
        if self.slope is None:
            return False
        chain.add_kink(self.slope)
        return True

    def row_memory(self, inputs: int, before: Layer | None) -> RowMemory:
        """Return one output; none where a piecewise-linear function works in place."""
        in_place = self.kinked and before is not None and before.overwritable
        return RowMemory(0 if in_place else inputs + 1)
