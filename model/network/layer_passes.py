"""The forward and the backward pass of a network layer by layer, by the plain equations of its layers."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from model.design import Floats
from model.layers import Layer
from model.layers.layer import Arrays, ReferenceBackward
from model.layers.sequence import arrays_of


class LayerPass(NamedTuple):
    """A layer in both passes: its output, δ = ∂L/∂output, and the gradients of its parameters.

    The path is that of the layer's arrays: "2", or "2.0" for the first layer inside of a block.

    Shapes: output and delta (n, h_out).
    """

    path: str
    layer: Layer
    output: Floats
    delta: Floats
    gradients: Arrays


class _Forward(NamedTuple):
    path: str
    layer: Layer
    output: Floats
    backward: ReferenceBackward
    inside: "list[_Forward]"


def layer_passes(
    layers: Sequence[Layer], arrays: Arrays, X: Floats, delta_of: Callable[[Floats], Floats]
) -> tuple[list[LayerPass], Floats]:
    """Return the passes of all layers in order, and ∂L/∂X. `delta_of` maps the logits to ∂L/∂logits.

    The layers inside of a block come before the block.

    Shapes: X (n, d); arrays as of a single network.
    """
    steps = _forward(layers, arrays, X)
    return _backward(steps, delta_of(steps[-1].output))


def _forward(layers: Sequence[Layer], arrays: Arrays, a: Floats, prefix: str = "") -> list[_Forward]:
    steps = []
    for i, layer in enumerate(layers):
        own, path = arrays_of(arrays, i), f"{prefix}{i}"
        inside = _forward(layer.inner, own, a, f"{path}.")
        a, backward = layer.reference(own, a, None)
        steps.append(_Forward(path, layer, a, backward, inside))
    return steps


def _backward(steps: Sequence[_Forward], delta: Floats) -> tuple[list[LayerPass], Floats]:
    passes: list[LayerPass] = []
    for step in reversed(steps):
        # A block adds its input to the output of the layers inside, so that the δ of both outputs is the same.
        inside, _ = _backward(step.inside, delta)
        below, gradients = step.backward(delta)
        passes = [*inside, LayerPass(step.path, step.layer, step.output, delta, gradients), *passes]
        delta = below
    return passes, delta
