"""The forward pass alone, over tiles of rows of a fixed size."""

import numpy as np

from model.design import Floats
from model.network.recorder import Memory, Recorder, Views, transposed
from model.network.stack import Stack


class Forward:
    """A recorded pass over `tile` rows, used for as many tiles as there are rows.

    The last tile is padded, so that every row goes through products of the same shape: a row's logits are then the
    same bits whoever its neighbours are.
    """

    def __init__(self, stack: Stack, views: Views, tile: int, watch: bool = False) -> None:
        """Record the pass; when asked to watch, also the mean of every unit that could be dead: `activity`."""
        lead, dtype = views.lead, views.tensors[0][0].dtype
        self._stack, self._lead, self._tile, self._dtype = stack, lead, tile, dtype
        self._inputs = np.ones((*lead, tile, stack.inputs + 1), dtype)
        self._logits = np.zeros((*lead, stack.outputs, tile), dtype)
        self._do = Recorder(Memory(dtype), views, tile)
        inputs = transposed(self._inputs)
        self._do.keep(inputs)
        self._backward = stack.record(self._do, inputs, self._logits)
        self.activity = [self._do.column(a.shape[-2]) for a in self._do.watched if watch]
        for a, mean in zip(self._do.watched, self.activity, strict=False):
            self._do.row_mean(a, mean)

    def logits(self, X: Floats) -> Floats:
        """Return the logits of each row, the same rows for all members or each member's own.

        Shapes: X ([K,] n, d) to ([K,] c, n).
        """
        count = X.shape[-2]
        result = np.empty((*self._lead, self._stack.outputs, count), self._dtype)
        calls = self._do.calls
        with np.errstate(all="ignore"):
            for start in range(0, count, self._tile):
                rows = min(self._tile, count - start)
                self._inputs[..., :rows, :-1] = X[..., start : start + rows, :]
                for call in calls:
                    call()
                result[..., start : start + rows] = self._logits[..., :rows]
        return result

    def forget(self) -> None:
        """Wipe the rows that were scored last."""
        self._inputs[..., :-1] = 0.0

    def input_gradient(self, X: Floats) -> Floats:
        """Return ∂z/∂x of each row, for networks with one logit.

        Shapes: X (n, d) to ([K,] n, d).
        """
        one = np.ones((*self._lead, 1, self._tile), self._dtype)
        slopes = self._backward(one)
        result = np.empty((*self._lead, *X.shape), self._dtype)
        for start in range(0, len(X), self._tile):
            rows = X[start : start + self._tile]
            self._inputs[..., : len(rows), :-1] = rows
            one[...] = 1
            for call in self._do.calls:
                call()
            result[..., start : start + len(rows), :] = transposed(slopes)[..., : len(rows), :]
        return result
