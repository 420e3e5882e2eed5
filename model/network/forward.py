"""The forward pass over tiles of rows of a fixed size."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.network.stack import Stack
from model.tape import Arena, Call, Memory, Tape, Views


class Forward:
    """A recorded pass over `tile` rows, repeated tile by tile.

    The last tile is padded. All matrix products then have the same shape, so that the bits of a row's logits do not
    depend on its neighbours.
    """

    def __init__(self, stack: Stack, views: Views, tile: int, watch: bool = False) -> None:
        """Record the pass. With `watch`, also record the mean of every unit that may be dead: `activity`."""
        lead, dtype = views.lead, views.tensors[0][0].dtype
        self._stack, self._lead, self._tile, self._dtype = stack, lead, tile, dtype
        self._gradients = [gradient for _, gradient in views.tensors]
        self._inputs = np.ones((*lead, tile, stack.inputs + 1), dtype)
        self._logits = np.zeros((*lead, stack.outputs, tile), dtype)
        memory = Memory(dtype)
        self._tape, self._arena = Tape(memory), Arena(memory, views, tile)
        inputs = self._inputs.mT
        self._arena.keep(inputs)
        self._backward = stack.record(self._tape, self._arena, inputs, self._logits)
        self._slopes: tuple[Floats, list[Call]] | None = None
        self.activity = [self._arena.column(a.shape[-2]) for a in self._arena.watched if watch]
        for a, mean in zip(self._arena.watched, self.activity, strict=False):
            self._tape.row_mean(a, mean)
        self._calls = list(self._tape.calls)

    def logits(self, X: Floats) -> Floats:
        """Return the logits of each row. All members get the same rows, or each gets its own.

        Shapes: X ([K,] n, d) to ([K,] c, n).
        """
        result = np.empty((*self._lead, self._stack.outputs, X.shape[-2]), self._dtype)
        for rows in self._tiles(X, self._calls):
            result[..., rows] = self._logits[..., : rows.stop - rows.start]
        return result

    def slopes(self, X: Floats) -> tuple[Floats, Floats]:
        """Return the logits and ∂z/∂x of each row, for networks with one logit.

        Shapes: X (n, d) to ([K,] 1, n) and ([K,] n, d).
        """
        slopes, backward = self._slopes or self._record_slopes()
        logits = np.empty((*self._lead, 1, len(X)), self._dtype)
        result = np.empty((*self._lead, *X.shape), self._dtype)
        for rows in self._tiles(X, self._calls + backward):
            count = rows.stop - rows.start
            logits[..., rows] = self._logits[..., :count]
            result[..., rows, :] = slopes.mT[..., :count, :]
        return logits, result

    def activation_pattern(self, X: Floats) -> NDArray[np.bool_]:
        """Return which units of (leaky) ReLUs are above zero, for each row.

        Shapes: X (n, d) to ([K,] n, units).
        """
        kinked = [self._arena.values(a).mT for a in self._arena.kinked]
        result = np.empty((*self._lead, len(X), sum(a.shape[-1] for a in kinked)), np.bool_)
        for rows in self._tiles(X, self._calls):
            np.concatenate([a[..., : rows.stop - rows.start, :] > 0 for a in kinked], axis=-1, out=result[..., rows, :])
        return result

    def forget(self) -> None:
        """Overwrite the last scored rows with zeros."""
        self._inputs[..., :-1] = 0.0

    def _tiles(self, X: Floats, calls: list[Call]) -> Iterator[slice]:
        """Run the calls on each tile of rows; yield the slice of these rows."""
        count = X.shape[-2]
        with np.errstate(all="ignore"):
            for start in range(0, count, self._tile):
                rows = slice(start, min(start + self._tile, count))
                self._inputs[..., : rows.stop - start, :-1] = X[..., rows, :]
                for call in calls:
                    call()
                yield rows

    def _record_slopes(self) -> tuple[Floats, list[Call]]:
        """Record the backward pass from the logit, without the gradients of the parameters."""
        one = np.ones((*self._lead, 1, self._tile), self._dtype)
        delta = np.empty_like(one)
        before = len(self._tape.calls)
        self._tape(np.copyto, delta, one)
        slopes = self._backward(delta)
        self._slopes = slopes, [call for call in self._tape.calls[before:] if not self._of_parameters(call)]
        return self._slopes

    def _of_parameters(self, call: Call) -> bool:
        """Tell whether the result of a call is the gradient of a parameter."""
        out = call.args[-1] if call.args else None
        return isinstance(out, np.ndarray) and any(np.may_share_memory(out, each) for each in self._gradients)
