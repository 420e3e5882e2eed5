"""The arrays, views and calls that all passes share."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Call: TypeAlias = partial[object]


class Memory:
    """Allocates arrays in the order of the requests. After `rewind`, it returns the same arrays again.

    All batches of an epoch use the same activations, one batch after the other. Only the rows, the labels and the
    learning rate of a batch have views of their own.
    """

    def __init__(self, dtype: DTypeLike, like: "Memory | None" = None) -> None:
        """Start empty. Share the constants of `like`: two threads may read them at the same time."""
        self.dtype = np.dtype(dtype)
        self._arrays: list[NDArray[Any]] = []
        self._next = 0
        self._shared: dict[tuple[object, ...], NDArray[Any]] = {}
        self._constants: dict[tuple[object, ...], NDArray[Any]] = {} if like is None else like._constants
        self._views: dict[tuple[str, int], tuple[NDArray[Any], NDArray[Any]]] = {}
        self._calls: dict[tuple[object, ...], Call] = {}

    def call(self, function: Callable[..., object], *arguments: object) -> Call:
        """Return the call. Equal calls are one object, so that steps share them in the processor's cache."""
        return self._calls.setdefault((function, *map(id, arguments)), partial(function, *arguments))

    def view(self, use: str, a: NDArray[Any], view: NDArray[Any]) -> NDArray[Any]:
        """Return the view of `a` for this use: always the object of the first request.

        NumPy searches two different views of the same memory for overlaps. The search takes as long as a small call.
        NumPy skips it for an array and itself.
        """
        return self._views.setdefault((use, id(a)), (a, view))[1]

    def rewind(self) -> None:
        """Start again from the first array."""
        self._next = 0

    def fresh(self, shape: tuple[int, ...], fill: float = 0.0) -> NDArray[Any]:
        """Return the next array. A new array is filled."""
        if self._next == len(self._arrays):
            self._arrays.append(np.full(shape, fill, self.dtype))
        self._next += 1
        return self._arrays[self._next - 1]

    def shared(self, use: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return the array for this use, shape and type: always the same array."""
        return kept(self._shared, use, shape, dtype, 0)

    def constant(self, use: object, shape: tuple[int, ...], dtype: np.dtype[Any], fill: object) -> NDArray[Any]:
        """Return a read-only array for this use, shape and type, filled with a value."""
        return kept(self._constants, use, shape, dtype, fill)


def kept(
    arrays: dict[tuple[object, ...], NDArray[Any]], use: object, shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any
) -> NDArray[Any]:
    """Return the array for this use, shape and type. The first request creates it."""
    key = (use, shape, dtype)
    if key not in arrays:
        arrays[key] = np.full(shape, fill, dtype)
    return arrays[key]
