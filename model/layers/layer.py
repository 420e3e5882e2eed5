"""The base of all layers: frozen configuration that records its equations on a tape."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, TypeAlias

from model.design import CodeColumn, Floats
from model.layers.pieces import Chain
from model.parsing import Reader, required
from model.tape import Arena, Draw, Tape

Arrays: TypeAlias = Mapping[str, Floats]
"""A layer's parameters and running state by name. The i-th layer inside a block has names such as "i.name"."""

Backward: TypeAlias = Callable[[Floats], Floats]
ReferenceBackward: TypeAlias = Callable[[Floats], tuple[Floats, Arrays]]
"""Maps ∂L/∂output to ∂L/∂input and the gradients of the parameters."""


@dataclass(frozen=True)
class Tensor:
    """One array of parameters or of running state that a layer needs.

    The first `kernel` rows are weights: they start at random and decay, unless `decays` is false. They start between
    ±`bound`, or as the initializer of the spec has it. `fill` has the start value of each row below.
    """

    name: str
    shape: tuple[int, int]
    kernel: int
    fill: tuple[float, ...] = ()
    fan_in: int = 1
    fan_out: int = 1
    bound: float | None = None
    decays: bool = True


@dataclass(frozen=True)
class RowMemory:
    """How many numbers one row of a batch takes in training: activations, gradients and masks of so many layers."""

    activations: int
    gradients: int = 0
    masks: int = 0
    layers: int = 1

    def __add__(self, other: "RowMemory") -> "RowMemory":
        return RowMemory(
            self.activations + other.activations,
            self.gradients + other.gradients,
            self.masks + other.masks,
            self.layers + other.layers,
        )


@dataclass(frozen=True)
class Layer(ABC):
    """One layer of a network. It holds settings only; its methods receive the parameters."""

    initializer: ClassVar[str | None] = None
    """The initializer for a dense layer before this one; None: a later layer decides."""
    is_activation: ClassVar[bool] = False
    """Whether it may follow every dense layer, as the activation of a spec."""
    reads_codes: ClassVar[bool] = False
    """Whether it reads category codes, and so must be the network's first layer."""
    needs_batch: ClassVar[bool] = False
    """Whether it needs more than one row in training."""
    overwritable: ClassVar[bool] = False
    """Whether the next layer may overwrite the output, because this layer's backward pass does not read it."""

    @property
    def kinked(self) -> bool:
        """Whether the slope of the outputs jumps where an input is zero."""
        return False

    @property
    def inner(self) -> "tuple[Layer, ...]":
        """The layers inside this one. A layer with inner layers has no parameters of its own."""
        return ()

    @property
    def within(self) -> "list[Layer]":
        """The layer itself, and all layers inside it."""
        return [self, *(deep for layer in self.inner for deep in layer.within)]

    @classmethod
    def main_setting(cls) -> str | None:
        """Return the setting that a number alone stands for: the only needed one, or the only one."""
        names = required(cls) or [field.name for field in fields(cls)]
        return names[0] if len(names) == 1 else None

    @classmethod
    def read(
        cls, reader: Reader, raw: object, pointer: str, inside: "Callable[[Reader, object, str], Layer | None]"
    ) -> "Layer | None":
        """Read the settings from JSON; `inside` reads an inner layer. Return None if the reader refuses them."""
        if isinstance(raw, int | float) and (main := cls.main_setting()):
            raw = {main: raw}
        mapping = reader.mapping(raw, pointer)
        return None if mapping is None else reader.settings(cls, mapping, pointer)

    def width(self, inputs: int) -> int:
        """Return the number of outputs."""
        return inputs

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return the parameters that the layer needs."""
        return ()

    def states(self, inputs: int) -> tuple[Tensor, ...]:
        """Return the running state that the layer needs: it is saved in checkpoints and has no gradient."""
        return ()

    @abstractmethod
    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the forward calls; return the output and a function that records the backward calls.

        Shapes: activations are feature-major, ([K,] h + 1, B), with ones in the last row. The backward function takes
        ∂L/∂output, ([K,] h_out, B), may overwrite it, and returns ∂L/∂input, ([K,] h_in, B).
        """

    @abstractmethod
    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return the output and the backward pass by the plain equations. Without masks, compute the scoring form.

        This is the specification of `record`. The tests compare the two.

        Shapes: a (n, h_in) to (n, h_out), one row a customer; arrays as of a single network.
        """

    @abstractmethod
    def fold(self, own: Arrays, folded: "list[Folded]") -> None:
        """Append the scoring form of this layer to the list, or merge it into the last layer of the list.

        Shapes: arrays as in `tensors` and `states`, with or without a first axis of K networks.
        """

    @abstractmethod
    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Add the scoring form to a chain of affine pieces; return False if the layer is not piecewise linear.

        Shapes: arrays as of a single network.
        """

    def row_memory(self, inputs: int, before: "Layer | None") -> RowMemory:
        """Return how many numbers a row takes in training, after the layer `before`; here those of one output.

        The estimate of a training's memory is the sum over all layers. A test compares it with the recorded arrays.
        """
        return RowMemory(self.width(inputs) + 1)

    def with_codes(self, codes: Sequence[CodeColumn]) -> "Layer":
        """Return the layer adapted to the columns of category codes."""
        return self


Folded: TypeAlias = tuple[Layer, Arrays]
"""A layer of a network that only scores, with its arrays."""
