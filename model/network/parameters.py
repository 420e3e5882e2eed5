"""The parameters of a network: one flat buffer, and views of it for the layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.design import Floats
from model.initializers import CATALOG
from model.layers import Tensor
from model.network.stack import Stack
from model.random import stream, uniform
from model.tape import Views

WEIGHTS = 0  # the purpose of the random stream of the first weights
DRAWN = 1 << 16  # weights drawn at a time: limits the memory of their float64 form


def size_of(tensors: Sequence[tuple[str, Tensor]]) -> int:
    """Return the total count of numbers in the tensors."""
    return sum(t.shape[0] * t.shape[1] for _, t in tensors)


def views(flat: NDArray[Any], tensors: Sequence[tuple[str, Tensor]]) -> dict[str, NDArray[Any]]:
    """Return each tensor's part of a flat buffer.

    Shapes: ([K,] P) to ([K,] rows, columns) each.
    """
    found, start = {}, 0
    for name, tensor in tensors:
        size = tensor.shape[0] * tensor.shape[1]
        found[name] = flat[..., start : start + size].reshape(*flat.shape[:-1], *tensor.shape)
        start += size
    return found


def filled(tensors: Sequence[tuple[str, Tensor]], lead: tuple[int, ...], dtype: DTypeLike) -> Floats:
    """Return a flat buffer in which constant rows have their values and kernels are zero."""
    flat = np.zeros((*lead, size_of(tensors)), dtype)
    for array, (_, tensor) in zip(views(flat, tensors).values(), tensors, strict=True):
        for row, value in enumerate(tensor.fill, start=tensor.kernel):
            array[..., row, :] = value
    return flat


def initialize(stack: Stack, name: str, seed: int, dtype: DTypeLike) -> Floats:
    """Return the initial parameters of one member. `name` is that of an initializer, or "auto".

    Shapes: (P,).
    """
    bits = stream(seed, WEIGHTS)
    tensors = stack.tensors()
    flat = filled(tensors, (), dtype)
    arrays = views(flat, tensors).values()
    for (_, tensor), array, suited in zip(tensors, arrays, stack.initializers(), strict=True):
        bound = tensor.bound
        if bound is None:
            bound = CATALOG[suited if name == "auto" else name]().bound(tensor.fan_in, tensor.fan_out)
        kernel = array[: tensor.kernel].reshape(-1)
        for start in range(0, kernel.size, DRAWN):
            part = kernel[start : start + DRAWN]
            part[...] = bound * uniform(bits, part.size)
    return flat


def kernel_mask(stack: Stack, dtype: DTypeLike) -> Floats:
    """Return 1 for every weight and 0 for every other parameter, such as a bias: only weights decay.

    Shapes: (P,).
    """
    tensors = stack.tensors()
    flat = np.zeros(size_of(tensors), dtype)
    for (_, tensor), array in zip(tensors, views(flat, tensors).values(), strict=True):
        array[: tensor.kernel] = tensor.decays
    return flat


@dataclass(frozen=True)
class Block:
    """The part of the buffers that one update changes: some parameters of one network, or some of several networks.

    `members` indexes arrays with one row a network. `places` indexes arrays with one number a parameter.
    """

    members: slice | EllipsisType
    places: slice | EllipsisType
    values: Floats
    gradients: Floats
    moments: Floats


class Buffers:
    """Everything that training changes: parameters, gradients, moments and running state, a flat buffer each.

    Shapes: values ([K,] P); gradients (2, [K,] P), the second for scratch; moments (m, [K,] P);
    states ([K,] S). `lead` is (K,), or () for a single network.
    """

    def __init__(self, stack: Stack, lead: tuple[int, ...], moments: int, dtype: DTypeLike) -> None:
        self.lead = lead
        self.dtype = np.dtype(dtype)
        self._stack = stack
        tensors, states = stack.tensors(), stack.states()
        self.values = np.zeros((*lead, size_of(tensors)), dtype)
        self.gradients = np.zeros((2, *self.values.shape), dtype)
        self.moments = np.zeros((moments, *self.values.shape), dtype)
        self.states = filled(states, lead, dtype)
        self.views = self.views_with(self.gradients[0])

    def views_with(self, gradient: Floats) -> Views:
        """Return the views of the layers, with their gradients in this buffer.

        Shapes: gradient ([K,] P).
        """
        tensors, states = self._stack.tensors(), self._stack.states()
        pairs = zip(views(self.values, tensors).values(), views(gradient, tensors).values(), strict=True)
        return Views(self.lead, list(pairs), list(views(self.states, states).values()))

    def blocks(self, most: int, part: int = 0, parts: int = 1) -> list[Block]:
        """Cut one of `parts` equal parts of the parameters into blocks of at most `most`, or of one network each."""
        count = len(self.values)
        start, stop = count * part // parts, count * (part + 1) // parts
        size = max(1, most * count // self.values.size)
        return [self._block(slice(at, min(at + size, stop))) for at in range(start, stop, size)]

    def _block(self, cut: slice) -> Block:
        members, places = (cut, ...) if self.lead else (..., cut)
        values = self.values[members, places]
        return Block(members, places, values, self.gradients[:, members, places], self.moments[:, members, places])
