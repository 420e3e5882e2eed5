"""What every layer is: frozen configuration that records its equations into a program."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from model.design import Floats
from model.parsing import Reader, required
from model.tape import Arena, Tape

Backward: TypeAlias = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Tensor:
    """One array of parameters (or of running state) that a layer asks for.

    The first `kernel` rows are weights: initialized at random and decayed. Each row below is filled with its number.
    """

    name: str
    shape: tuple[int, int]
    kernel: int
    fill: tuple[float, ...] = ()
    fan_in: int = 1
    fan_out: int = 1


@dataclass(frozen=True)
class Layer(ABC):
    """A piece of a network. It holds no numbers: those are handed to it when it is recorded."""

    initializer: ClassVar[str | None] = None
    """The initializer that suits a dense layer before this one, where it matters."""

    @property
    def inner(self) -> "tuple[Layer, ...]":
        """The layers inside this one, which then hold the parameters in its place."""
        return ()

    @classmethod
    def read(
        cls, reader: Reader, raw: object, pointer: str, inside: "Callable[[Reader, object, str], Layer | None]"
    ) -> "Layer | None":
        """Read this layer's settings from JSON; `inside` reads a layer within it. None when refused."""
        needed = required(cls)
        if isinstance(raw, int | float) and len(needed) == 1:
            raw = {needed[0]: raw}
        mapping = reader.mapping(raw, pointer)
        return None if mapping is None else reader.settings(cls, mapping, pointer)

    def width(self, inputs: int) -> int:
        """Return how many features come out of `inputs` features."""
        return inputs

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return the parameters wanted."""
        return ()

    def states(self, inputs: int) -> tuple[Tensor, ...]:
        """Return the running state wanted: part of a checkpoint, but without a gradient."""
        return ()

    @abstractmethod
    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the forward calls; return the output, and the function that records the backward ones.

        Shapes: activations are feature-major, ([K,] h + 1, B), with a last row of ones; the backward function
        takes ∂L/∂output, ([K,] h_out, B), which it may overwrite, and returns ∂L/∂input, ([K,] h_in, B).
        """


@dataclass(frozen=True)
class Activation(Layer):
    """A function applied to every number by itself."""

    slope: ClassVar[float | None] = None
    """The slope below zero of a function that is straight on both sides of zero and has slope 1 above."""

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record a ← σ(z), in place where nobody needs z, and return what records δ ← δ ⊙ σ′(z)."""
        out = arena.place(a)
        arena.keep(out)
        if self.slope is not None:
            arena.kinked.append(out)
        return out, self.apply(tape, arena, arena.values(a), arena.values(out))

    @abstractmethod
    def apply(self, tape: Tape, arena: Arena, z: Floats, a: Floats) -> Backward:
        """Record a ← σ(z), where a may be the same memory as z; return what records δ ← δ ⊙ σ′(z) in place.

        What is in `a` stays there for the backward pass.
        """


def record_all(tape: Tape, arena: Arena, layers: Iterable[Layer], a: Floats) -> tuple[Floats, Backward]:
    """Record layers in their order; return the output, and what records their backward passes in reverse."""
    backwards: list[Backward] = []
    for layer in layers:
        a, backward = layer.record(tape, arena, a)
        backwards.append(backward)

    def backward_all(delta: Floats) -> Floats:
        for backward in reversed(backwards):
            delta = backward(delta)
        return delta

    return a, backward_all
