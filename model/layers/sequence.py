"""The forms of a list of layers, built from the forms of the single layers."""

from collections.abc import Iterable, Sequence

from model.design import Floats
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, RowMemory
from model.layers.pieces import Chain
from model.tape import Arena, Draw, Tape


def record_all(tape: Tape, arena: Arena, layers: Iterable[Layer], a: Floats) -> tuple[Floats, Backward]:
    """Record layers in order; return the output and a function that records all backward passes."""
    backwards: list[Backward] = []
    for layer in layers:
        a, backward = layer.record(tape, arena, a)
        backwards.append(backward)

    def backward_all(delta: Floats) -> Floats:
        for backward in reversed(backwards):
            delta = backward(delta)
        return delta

    return a, backward_all


def reference_all(
    layers: Iterable[Layer], arrays: Arrays, a: Floats, masks: Draw | None = None
) -> tuple[Floats, ReferenceBackward]:
    """Apply the reference forms. The names of the i-th layer's arrays start with "i."."""
    backwards: list[ReferenceBackward] = []
    for i, layer in enumerate(layers):
        a, backward = layer.reference(arrays_of(arrays, i), a, masks)
        backwards.append(backward)

    def backward_all(delta: Floats) -> tuple[Floats, Arrays]:
        gradients: list[Arrays] = []
        for backward in reversed(backwards):
            delta, own = backward(delta)
            gradients.insert(0, own)
        return delta, numbered(gradients)

    return a, backward_all


def fold_all(layers: Iterable[Layer], arrays: Arrays) -> tuple[tuple[Layer, ...], Arrays]:
    """Return layers with the same scores and fewer products, and their arrays."""
    folded: list[Folded] = []
    for i, layer in enumerate(layers):
        layer.fold(arrays_of(arrays, i), folded)
    return tuple(layer for layer, _ in folded), numbered([own for _, own in folded])


def extend_all(chain: Chain, layers: Iterable[Layer], arrays: Arrays) -> bool:
    """Add layers to a chain of affine pieces; return False if one of them is not piecewise linear."""
    return all(layer.extend(chain, arrays_of(arrays, i)) for i, layer in enumerate(layers))


def row_memory_all(layers: Iterable[Layer], inputs: int, before: Layer | None = None) -> RowMemory:
    """Return how many numbers a row takes in training in all of the layers; `before` is the layer before the first."""
    total = RowMemory(0, layers=0)
    for layer in layers:
        total += layer.row_memory(inputs, before)
        inputs, before = layer.width(inputs), layer
    return total


def arrays_of(arrays: Arrays, i: int) -> Arrays:
    """Return the i-th layer's arrays by their names inside the layer."""
    return {name.removeprefix(f"{i}."): array for name, array in arrays.items() if name.startswith(f"{i}.")}


def numbered(arrays: Sequence[Arrays]) -> Arrays:
    """Return the arrays of all layers. Each name starts with the number of its layer."""
    return {f"{i}.{name}": array for i, own in enumerate(arrays) for name, array in own.items()}
