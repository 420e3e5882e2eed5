"""Builds the layers of a network from a spec, and lists the arrays that they need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.design import CodeColumn, Floats
from model.errors import Problem, ShapeError, SpecError
from model.layers import Backward, Dense, Layer, Tensor
from model.layers.batch_norm import BatchNorm
from model.layers.dropout import Dropout
from model.layers.embedding import Embedding
from model.layers.layer import Arrays
from model.layers.periodic import Periodic
from model.layers.pieces import Chain, Piece
from model.layers.residual import Residual
from model.layers.sequence import extend_all, fold_all, record_all
from model.spec import Spec
from model.tape import Arena, Tape


@dataclass(frozen=True)
class Stack:
    """Layers in order, over inputs of a known width. The last layer is dense: its outputs are the logits."""

    inputs: int
    layers: tuple[Layer, ...]

    @cached_property
    def outputs(self) -> int:
        """The number of logits of a row."""
        return self.layers[-1].width(0)

    def tensors(self) -> list[tuple[str, Tensor]]:
        """Return the parameters of all layers, with full names."""
        return [(f"{path}.{t.name}", t) for path, layer, width in self.walk() for t in layer.tensors(width)]

    def states(self) -> list[tuple[str, Tensor]]:
        """Return the running state of all layers, with full names."""
        return [(f"{path}.{t.name}", t) for path, layer, width in self.walk() for t in layer.states(width)]

    def walk(self) -> Iterator[tuple[str, Layer, int]]:
        """Yield each layer without inner layers, with its path and the width of its input."""
        return iter(self._leaves)

    @cached_property
    def _leaves(self) -> tuple[tuple[str, Layer, int], ...]:
        return tuple(walk(self.layers, self.inputs))

    def initializers(self) -> list[str]:
        """Return the initializer of each array of parameters: it suits the activation after the array."""
        leaves = [layer for _, layer, _ in self.walk()]
        suited, chosen = "glorot", []
        for layer in reversed(leaves):
            suited = layer.initializer or suited
            chosen.append(suited)
        widths = [width for _, _, width in self.walk()]
        named = zip(leaves, widths, reversed(chosen), strict=True)
        return [name for layer, width, name in named for _ in layer.tensors(width)]

    def record(self, tape: Tape, arena: Arena, inputs: Floats, logits: Floats) -> Backward:
        """Record the forward pass into `logits`; return a function that records the backward pass.

        Shapes: inputs ([K,] d + 1, B) with a last row of ones; logits ([K,] c, B).
        """
        a, hidden = record_all(tape, arena, self.layers[:-1], inputs)
        arena.set_next_activations(logits)
        out, head = self.layers[-1].record(tape, arena, a)
        if out is not logits:
            raise ShapeError("the last layer must write into memory of `activations`: end the layers with a dense one")
        return lambda delta: hidden(head(delta))

    def fold(self, arrays: Arrays) -> tuple["Stack", Arrays]:
        """Return layers with the same scores and fewer products, and their arrays in float64."""
        wide = {name: np.asarray(array, np.float64) for name, array in arrays.items()}
        layers, found = fold_all(self.layers, wide)
        return Stack(self.inputs, layers), found

    def pieces(self, arrays: Arrays) -> list[Piece] | None:
        """Return one member as affine pieces; None if a layer is not piecewise linear.

        Shapes: arrays as of a single network.
        """
        chain = Chain(self.inputs)
        return chain.end() if extend_all(chain, self.layers, arrays) else None


def walk(layers: tuple[Layer, ...], width: int, prefix: str = "") -> Iterator[tuple[str, Layer, int]]:
    """Yield the layers with their path and the width of their input. Inner layers replace the layer around them."""
    for i, layer in enumerate(layers):
        if layer.inner:
            yield from walk(layer.inner, width, f"{prefix}{i}.")
        else:
            yield f"{prefix}{i}", layer, width
        width = layer.width(width)


def build_stack(
    spec: Spec, inputs: int, outputs: int, codes: Sequence[CodeColumn] = (), numbers: Sequence[int] = ()
) -> Stack:
    """Return the layers of a spec, followed by the dense layer with `outputs` logits.

    Raises: SpecError when the layers do not fit together.
    """
    hidden: list[Layer] = []
    if spec.embedding is not None and codes:
        hidden.append(Embedding(spec.embedding.units(max(c.cardinality for c in codes))).with_codes(codes))
    if spec.periodic is not None and numbers:
        embedded = [code.position for code in codes] if hidden else []
        hidden.append(spec.periodic.with_numbers([i - sum(code < i for code in embedded) for i in numbers]))
    if spec.feature_scale is not None:
        hidden.append(spec.feature_scale)
    width = inputs
    for layer in hidden:
        width = layer.width(width)
    for entry in spec.layers:
        added = plain_layers(spec, entry, width) if isinstance(entry, int) else [entry.with_codes(codes)]
        for layer in added:
            width = layer.width(width)
        hidden += added
    stack = Stack(inputs, (*hidden, Dense(outputs)))
    if any(layer.reads_codes and path != "0" for path, layer, _ in stack.walk()):
        raise SpecError([Problem("/layers", "conflict", "an embedding must be the first layer")])
    for _, layer, width in stack.walk():
        if isinstance(layer, Periodic) and not layer.fits(width):
            detail = (
                f"the positions of a periodic layer must be different places of its {width:,} inputs, counted from 0, "
                "at least one: name them, or set periodic in the spec"
            )
            raise SpecError([Problem("/layers", "conflict", detail)])
    return stack


def plain_layers(spec: Spec, units: int, inputs: int) -> list[Layer]:
    """Return the layers of a plain number of units: a residual block if the spec asks for it and the widths agree."""
    layers: list[Layer] = [Dense(units)]
    if spec.batch_norm:
        layers.append(BatchNorm())
    layers.append(spec.activation)
    if spec.dropout:
        layers.append(Dropout(spec.dropout))
    return [Residual(tuple(layers))] if spec.residual and units == inputs else layers
