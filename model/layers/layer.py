"""The base of all layers: frozen configuration that records its equations on a tape."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import ClassVar, TypeAlias

from model.design import CodeColumn, Floats
from model.layers.pieces import Chain
from model.parsing import Reader, required
from model.tape import Arena, Draw, Tape

Arrays: TypeAlias = Mapping[str, Floats]
"""A layer's parameters and running state by name; those of a layer within a block as "i.name"."""

Backward: TypeAlias = Callable[[Floats], Floats]
ReferenceBackward: TypeAlias = Callable[[Floats], tuple[Floats, Arrays]]
"""From ∂L/∂output to ∂L/∂input and the parameters' gradients."""


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
class RowMemory:
    """How many numbers one row of a batch takes in training: activations, gradients and masks of so many layers."""

    activations: int
    gradients: int = 0
    masks: int = 0
    layers: int = 1

    def __add__(self, other: "RowMemory") -> "RowMemory":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return RowMemory(*(one + another for one, another in pairs))


@dataclass(frozen=True)
class Layer(ABC):
    """One layer of a network. It holds no numbers: its methods receive them."""

    initializer: ClassVar[str | None] = None
    """The initializer that suits a dense layer before this one; None leaves it to later layers."""
    first: ClassVar[bool] = False
    """Whether it must be the network's first layer, because it reads category codes."""
    overwritable: ClassVar[bool] = False
    """Whether the next layer may overwrite the output, because this layer's backward pass does not read it."""

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
        """Return the number of outputs for so many inputs."""
        return inputs

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return the parameters that the layer needs."""
        return ()

    def states(self, inputs: int) -> tuple[Tensor, ...]:
        """Return the running state that the layer needs: part of a checkpoint, but without a gradient."""
        return ()

    @abstractmethod
    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the forward calls; return the output, and the function that records the backward ones.

        Shapes: activations are feature-major, ([K,] h + 1, B), with a last row of ones; the backward function
        takes ∂L/∂output, ([K,] h_out, B), which it may overwrite, and returns ∂L/∂input, ([K,] h_in, B).
        """

    @abstractmethod
    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return the output and the backward pass by the equations in their plain form; without masks as in scoring.

        This is the specification of `record`: the tests compare the two.

        Shapes: a (n, h_in) to (n, h_out), one row a customer; arrays as of a single network.
        """

    @abstractmethod
    def fold(self, own: Arrays, folded: "list[Folded]") -> None:
        """Append the part of this layer that scoring needs to the layers before it, or change the last of them.

        Shapes: arrays as `tensors` and `states` say, of a single network or with a first axis of K.
        """

    @abstractmethod
    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Add the layer, as it scores, to a chain of affine pieces; False when it is not piecewise linear.

        Shapes: arrays as of a single network.
        """

    @abstractmethod
    def row_memory(self, inputs: int, before: "Layer | None") -> RowMemory:
        """Return how many numbers a row takes in training, when the layer comes after the layer `before`.

        The estimate of a training's memory is the sum over all layers. A test compares it with the recorded arrays.
        """

    def with_codes(self, codes: Sequence[CodeColumn]) -> "Layer":
        """Return the layer adapted to the columns of category codes."""
        return self


Folded: TypeAlias = tuple[Layer, Arrays]
"""A layer of a network that only scores, with its arrays."""
