"""Where layers write their calls down: preallocated memory, and a list of calls bound to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from model.design import Floats

Call: TypeAlias = Callable[[], object]
INTEGERS = {4: np.int32, 8: np.int64}


def transposed(a: Floats) -> Floats:
    """Swap the last two axes, as a view."""
    return a.swapaxes(-1, -2)


class Memory:
    """Arrays by order of asking: rewound, it hands the same ones out again.

    Every batch of an epoch is recorded over the same activations, one after the other; only what differs between
    batches (rows, labels, rates) is a view of its own.
    """

    def __init__(self, dtype: DTypeLike, like: "Memory | None" = None) -> None:
        """Begin with nothing but the constants of another memory, which both may read at the same time."""
        self.dtype = np.dtype(dtype)
        self._arrays: list[NDArray[Any]] = []
        self._next = 0
        self._shared: dict[tuple[object, ...], NDArray[Any]] = {}
        self._constants: dict[tuple[object, ...], NDArray[Any]] = {} if like is None else like._constants
        self._views: dict[tuple[str, int], tuple[NDArray[Any], NDArray[Any]]] = {}
        self._calls: dict[tuple[object, ...], Call] = {}

    def call(self, function: Callable[..., object], *arguments: object) -> Call:
        """Return this call, always the same object: steps that share their calls share them in the cache, too."""
        return self._calls.setdefault((function, *map(id, arguments)), partial(function, *arguments))

    def view(self, kind: str, a: NDArray[Any], view: NDArray[Any]) -> NDArray[Any]:
        """Return the first such view of a, always the same object.

        Between two views of the same memory a ufunc searches for overlaps, which takes as long as a small call itself;
        between an array and itself it does not.
        """
        return self._views.setdefault((kind, id(a)), (a, view))[1]

    def rewind(self) -> None:
        """Start handing out from the first array again."""
        self._next = 0

    def fresh(self, shape: tuple[int, ...], fill: float = 0.0) -> NDArray[Any]:
        """Return the next array, filled when it is new."""
        if self._next == len(self._arrays):
            self._arrays.append(np.full(shape, fill, self.dtype))
        self._next += 1
        return self._arrays[self._next - 1]

    def shared(self, use: object, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return the array for this use, shape and type: always the same one."""
        return kept(self._shared, use, shape, dtype, 0)

    def constant(self, use: object, shape: tuple[int, ...], dtype: np.dtype[Any], fill: object) -> NDArray[Any]:
        """Return the same, filled and to be read only."""
        return kept(self._constants, use, shape, dtype, fill)


def kept(
    arrays: dict[tuple[object, ...], NDArray[Any]], use: object, shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any
) -> NDArray[Any]:
    """Return the array for this use, shape and type, made when it is first asked for."""
    key = (use, shape, dtype)
    if key not in arrays:
        arrays[key] = np.full(shape, fill, dtype)
    return arrays[key]


@dataclass(frozen=True)
class Views:
    """The arrays that layers work on, in the order the layers declare them.

    `lead` is (K,) for K networks side by side and () for a single one, whose arrays then have no such axis.

    Shapes: tensors ([K,] rows, columns), parameters with their gradients; states the same, of running averages.
    """

    lead: tuple[int, ...]
    tensors: Sequence[tuple[Floats, Floats]]
    states: Sequence[Floats]

    def of(self, network: int) -> "Views":
        """Return the arrays of one of the K networks, as those of a single one."""
        tensors = [(values[network], gradient[network]) for values, gradient in self.tensors]
        return Views((), tensors, [state[network] for state in self.states])


class Recorder:
    """Collects the calls of one pass over one batch.

    With random masks it is a pass of training, without them one of scoring. Layers list in `watched` the activations
    of units that may die, and in `bent` those whose slope jumps at zero.
    """

    def __init__(
        self,
        memory: Memory,
        views: Views,
        rows: int,
        masks: Callable[[int, float], Floats] | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.rows = rows
        self.training = masks is not None
        self.watched: list[Floats] = []
        self.bent: list[Floats] = []
        self._memory = memory
        self._lead = views.lead
        self._tensors = iter(views.tensors)
        self._masks = masks
        self._states = iter(views.states)
        self._kept: dict[int, Floats] = {}
        self._input: Floats | None = None
        self._result: Floats | None = None
        self._awaited = False
        memory.rewind()

    def __call__(self, function: Callable[..., object], *arguments: object) -> None:
        """Record a call, its arguments bound now. The last one is where the result goes."""
        self.calls.append(self._memory.call(function, *arguments))

    def product(self, a: Floats, b: Floats, out: Floats) -> None:
        """Record out ← ab, member by member.

        For one network np.dot takes half the time of np.matmul; for many, so does multiplying a column by a row.
        """
        if out.ndim == 2:
            self(a.dot, b, out)
        elif a.shape[-1] == 1:
            self(np.multiply, a, b, out)
        else:
            self(np.matmul, a, b, out)

    def parameters(self) -> tuple[Floats, Floats]:
        """Return the next of the layers' parameters with its gradient, in the order the layers declare them."""
        return next(self._tensors)

    def state(self) -> Floats:
        """Return the next of the layers' running state, in the order the layers declare it."""
        return next(self._states)

    def number(self, value: float) -> Floats:
        """Return a number as the array without axes that NumPy takes fastest."""
        return self._memory.constant(("number", value), (), self._memory.dtype, value)

    def full_like(self, a: NDArray[Any], value: float) -> NDArray[Any]:
        """Return a constant of a's shape, to be read only; minima and maxima are three times as fast with one."""
        return self._memory.constant(("full", value), a.shape, a.dtype, value)

    def rows_like(self, a: Floats, values: Sequence[float]) -> Floats:
        """Return a constant of a's shape whose i-th row is the i-th value throughout, to be read only."""
        column = np.array(values).reshape(-1, *(1,) * (a.ndim - 1))
        return self._memory.constant(("rows", *values), a.shape, a.dtype, column)

    def scratch_like(self, a: NDArray[Any]) -> NDArray[Any]:
        """Return memory of a's shape that the next layer will overwrite."""
        return self._memory.shared("scratch", a.shape, a.dtype)

    def fresh(self, width: int) -> Floats:
        """Return memory of its own for `width` numbers a row."""
        return self._memory.fresh((*self._lead, width, self.rows))

    def column(self, width: int) -> Floats:
        """Return memory of its own for one number a feature, to be spread over the batch."""
        return self._memory.fresh((*self._lead, width, 1))

    def row_mean(self, a: Floats, out: Floats) -> None:
        """Record out ← the mean of each feature over the batch: a product, which is faster than a reduction."""
        share = self._memory.constant("share", (self.rows, 1), self._memory.dtype, 1 / self.rows)
        self.product(a, share, out)

    def scratch(self, shape: tuple[int, ...]) -> Floats:
        """Return memory of this shape that the next layer will overwrite."""
        return self._memory.shared("scratch", shape, self._memory.dtype)

    def codes(self, column: int) -> NDArray[np.intp]:
        """Return memory for the category codes of a batch."""
        return self._memory.shared(("codes", column), (*self._lead, self.rows), np.dtype(np.intp))

    def mask(self, width: int, rate: float) -> Floats:
        """Return numbers that are drawn anew before each step: 0 with this rate, and else 1/(1 − rate)."""
        if self._masks is None:
            raise NotImplementedError("masks are drawn in training only")
        return self._masks(width, rate)

    def activations(self, width: int) -> Floats:
        """Return memory for activations: `width` rows and the row of ones."""
        if self._result is not None and self._awaited:
            self._awaited = False
            return self._result
        return self._memory.fresh((*self._lead, width + 1, self.rows), fill=1.0)

    def result(self, a: Floats) -> None:
        """Have the next activations written here, where they outlive the batch; no row of ones is among them."""
        self._result, self._awaited = a, True

    def values(self, a: Floats) -> Floats:
        """Return an array without its last row: activations without their ones, weights without their bias."""
        return a if a is self._result else self._memory.view("values", a, a[..., :-1, :])

    def integers(self, a: Floats) -> NDArray[Any]:
        """Read the bits of floats as signed integers of the same size, as a view."""
        return self._memory.view("integers", a, a.view(INTEGERS[a.itemsize]))

    def transposed(self, a: Floats) -> Floats:
        """Swap the last two axes, as a view."""
        return self._memory.view("transposed", a, transposed(a))

    def split(self, a: Floats) -> list[Floats]:
        """Return what is along the first axis, as views."""
        return [self._memory.view(f"row {i}", a, row) for i, row in enumerate(a)]

    def instead_of(self, a: Floats, width: int) -> Floats:
        """Return memory for `width` numbers a row: where it fits that of activations that nobody needs any more."""
        fits = a is not self._result and a.shape[-2] - 1 == width
        return self.values(a) if fits else self.fresh(width)

    def keep(self, a: Floats) -> None:
        """Promise that these numbers are needed later, so that nobody overwrites them."""
        self._kept[id(a)] = a

    def place(self, a: Floats) -> Floats:
        """Return where a layer may write its output: its input's own place, unless that is kept."""
        return self.activations(a.shape[-2] - 1) if id(a) in self._kept else a

    def network_input(self, a: Floats) -> None:
        """Say that this is the network's own input, not to be overwritten, and whose gradient nobody wants."""
        self.keep(a)
        self._input = a

    def input_wanted(self, a: Floats) -> bool:
        """Tell whether ∂L/∂a is of use."""
        return a is not self._input
