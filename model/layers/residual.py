"""The residual block."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.errors import Problem, SpecError
from model.layers.identity import Identity
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, RowMemory
from model.layers.pieces import Chain
from model.layers.sequence import extend_all, fold_all, record_all, reference_all, row_memory_all
from model.parsing import Reader
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class Residual(Layer):
    """Adds its input to the output of the layers inside.

        out = f(a) + a, with f the layers inside; ∂L/∂a = ∂L/∂out + the gradient through f

    Source: He et al., "Deep residual learning for image recognition", 2016.
    """

    layers: tuple[Layer, ...]

    @property
    def inner(self) -> tuple[Layer, ...]:
        """The layers inside."""
        return self.layers

    def width(self, inputs: int) -> int:
        """Return the number of inputs. The layers inside must have as many outputs."""
        width = inputs
        for layer in self.layers:
            width = layer.width(width)
        if width != inputs:
            detail = f"a residual block of {inputs} inputs must have as many outputs, not {width}"
            raise SpecError([Problem("/layers", "conflict", detail)])
        return inputs

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return f(a) + a; the backward pass returns δ + the gradient through f."""
        inside, backward_inside = reference_all(self.layers, own, a, masks)

        def backward(delta: Floats) -> tuple[Floats, Arrays]:
            back, gradients = backward_inside(delta)
            return delta + back, gradients

        return inside + a, backward

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the layers inside, then the sum."""
        arena.keep(a)
        inside, backward_inside = record_all(tape, arena, self.layers, a)
        out = arena.place(inside)
        tape(np.add, arena.values(inside), arena.values(a), arena.values(out))

        def backward(delta: Floats) -> Floats:
            if not arena.input_wanted(a):
                return backward_inside(delta)
            skipped = arena.fresh(a.shape[-2] - 1)
            tape(np.copyto, skipped, delta)
            inner = backward_inside(delta)
            tape(np.add, inner, skipped, inner)
            return inner

        return out, backward

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Keep the block and fold its layers. If none is left, an identity keeps the sum a + a."""
        layers, arrays = fold_all(self.layers, own)
        folded.append((Residual(layers or (Identity(),)), arrays))

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Carry the input past the layers inside, then add it."""
        chain.carry()
        linear = extend_all(chain, self.layers, own)
        chain.add_carried()
        return linear

    def row_memory(self, inputs: int, before: Layer | None) -> RowMemory:
        """Return the sum, the gradient that skips the layers inside, and all that these take."""
        return row_memory_all(self.layers, inputs, before) + RowMemory(inputs + 1, gradients=inputs)

    @classmethod
    def read(
        cls, reader: Reader, raw: object, pointer: str, inside: Callable[[Reader, object, str], Layer | None]
    ) -> Layer | None:
        """Read the list of layers inside."""
        if not isinstance(raw, list) or not raw:
            reader.refuse(pointer, "type", "must be a list of layers")
            return None
        layers = [inside(reader, entry, f"{pointer}/{i}") for i, entry in enumerate(raw)]
        return cls(tuple(layer for layer in layers if layer is not None)) if None not in layers else None
