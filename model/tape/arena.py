"""The arena: the memory of one pass, and the rules of what may be overwritten."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.tape.memory import Memory
from model.tape.views import Views

Draw: TypeAlias = Callable[[int, float], Floats]
"""From a width and a rate to the masks of dropout, drawn before each step: (width, B), 0 or 1/(1 − rate)."""


class Arena:
    """Memory for one pass over a batch of `rows` rows. A pass with masks trains, a pass without masks scores.

    A layer overwrites its input unless another call still needs it: see `keep` and `place`. Layers list in `watched`
    the activations of units that may die, and in `kinked` those whose slope jumps at zero.
    """

    def __init__(self, memory: Memory, views: Views, rows: int, masks: Draw | None = None) -> None:
        self.rows, self.masks, self.training = rows, masks, masks is not None
        self.watched: list[Floats] = []
        self.kinked: list[Floats] = []
        self._memory, self._lead = memory, views.lead
        self._tensors, self._states = iter(views.tensors), iter(views.states)
        self._kept: dict[int, Floats] = {}
        self._input: Floats | None = None
        self._given: Floats | None = None
        self._next: Floats | None = None
        memory.rewind()

    def parameters(self) -> tuple[Floats, Floats]:
        """Return the next of the layers' parameters with its gradient, in the order the layers declare them."""
        return next(self._tensors)

    def state(self) -> Floats:
        """Return the next of the layers' running state, in the order the layers declare it."""
        return next(self._states)

    def fresh(self, width: int) -> Floats:
        """Return new memory for `width` numbers a row."""
        return self._memory.fresh((*self._lead, width, self.rows))

    def column(self, width: int) -> Floats:
        """Return new memory for one number a feature, which calls broadcast over the batch."""
        return self._memory.fresh((*self._lead, width, 1))

    def codes(self, column: int) -> NDArray[np.intp]:
        """Return memory for the category codes of a batch."""
        return self._memory.shared(("codes", column), (*self._lead, self.rows), np.dtype(np.intp))

    def activations(self, width: int) -> Floats:
        """Return memory for activations: `width` rows and the row of ones."""
        if self._next is not None:
            given, self._next = self._next, None
            return given
        return self._memory.fresh((*self._lead, width + 1, self.rows), fill=1.0)

    def set_next_activations(self, a: Floats) -> None:
        """Let the next call of `activations` return this array, which outlives the batch and has no row of ones."""
        self._given = self._next = a

    def values(self, a: Floats) -> Floats:
        """Return an array without its last row: activations without the ones, weights without the bias."""
        return a if a is self._given else self._memory.view("values", a, a[..., :-1, :])

    def keep(self, a: Floats) -> None:
        """Forbid overwriting these numbers: the backward pass needs them."""
        self._kept[id(a)] = a

    def place(self, a: Floats) -> Floats:
        """Return memory for an output of the input's width: the input's own, or new memory if the input is kept."""
        return self.activations(a.shape[-2] - 1) if id(a) in self._kept else a

    def instead_of(self, a: Floats, width: int) -> Floats:
        """Return memory for `width` numbers a row: that of `a`, if its width fits; else new memory."""
        fits = a is not self._given and a.shape[-2] - 1 == width
        return self.values(a) if fits else self.fresh(width)

    def network_input(self, a: Floats) -> None:
        """Mark the network's input: keep it, and compute no gradient for it."""
        self.keep(a)
        self._input = a

    def input_wanted(self, a: Floats) -> bool:
        """Tell whether ∂L/∂a is needed."""
        return a is not self._input
