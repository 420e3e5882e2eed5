"""The tape: a list of calls, and the operands that calls need."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.tape.memory import Call, Memory

INTEGERS = {4: np.int32, 8: np.int64}


class Tape:
    """The calls of a pass, in order, each bound to its arrays. Making all calls again repeats the pass."""

    def __init__(self, memory: Memory) -> None:
        self.calls: list[Call] = []
        self._memory = memory

    def __call__(self, function: Callable[..., object], *arguments: object) -> None:
        """Record a call and bind its arguments. The last argument receives the result."""
        self.calls.append(self._memory.call(function, *arguments))

    def product(self, a: Floats, b: Floats, out: Floats) -> None:
        """Record out ← ab, member by member.

        np.dot takes half the time of np.matmul for one network. For several, the product of a column and a row does.
        """
        if out.ndim == 2:
            self(a.dot, b, out)
        elif a.shape[-1] == 1:
            self(np.multiply, a, b, out)
        else:
            self(np.matmul, a, b, out)

    def row_mean(self, a: Floats, out: Floats) -> None:
        """Record out ← the mean of each feature over the batch: a product, which is faster than a reduction."""
        rows = a.shape[-1]
        self.product(a, self._memory.constant("share", (rows, 1), self._memory.dtype, 1 / rows), out)

    def number(self, value: float) -> Floats:
        """Return a number as an array without axes. NumPy is fastest with this form."""
        return self._memory.constant(("number", value), (), self._memory.dtype, value)

    def full_like(self, a: NDArray[Any], value: float) -> NDArray[Any]:
        """Return a read-only constant of a's shape. Minima and maxima with it are three times as fast."""
        return self._memory.constant(("full", value), a.shape, a.dtype, value)

    def rows_like(self, a: Floats, values: Sequence[float]) -> Floats:
        """Return a read-only constant of a's shape. The i-th value fills its i-th row."""
        column = np.array(values).reshape(-1, *(1,) * (a.ndim - 1))
        return self._memory.constant(("rows", *values), a.shape, a.dtype, column)

    def scratch(self, shape: tuple[int, ...]) -> Floats:
        """Return memory of this shape that the next layer will overwrite."""
        return self._memory.shared("scratch", shape, self._memory.dtype)

    def scratch_like(self, a: NDArray[Any]) -> NDArray[Any]:
        """Return memory of a's shape and type that the next layer will overwrite."""
        return self._memory.shared("scratch", a.shape, a.dtype)

    def integers(self, a: Floats) -> NDArray[Any]:
        """Read the bits of floats as signed integers of the same size, as a view."""
        return self._memory.view("integers", a, a.view(INTEGERS[a.itemsize]))

    def transposed(self, a: Floats) -> Floats:
        """Swap the last two axes, as a view."""
        return self._memory.view("transposed", a, a.mT)

    def split(self, a: Floats) -> list[Floats]:
        """Return the parts along the first axis, as views."""
        return [self._memory.view(f"row {i}", a, row) for i, row in enumerate(a)]
