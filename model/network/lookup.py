"""An embedding apart from the network that follows it, so that what follows has inputs that can move."""

from dataclasses import dataclass

import numpy as np

from model.design import Floats
from model.layers.embedding import Embedding


@dataclass(frozen=True)
class LookUp:
    """One member's tables: the numbers each category stands for.

    Shapes: tables (categories, units) each, in the order of the layer's positions.
    """

    layer: Embedding
    tables: tuple[Floats, ...]

    def embedded(self, X: Floats) -> Floats:
        """Return rows with each code replaced by its numbers, which come last.

        Shapes: (n, d) to (n, d − codes + codes · units).
        """
        found = [table[X[:, at].astype(np.intp)] for table, at in zip(self.tables, self.layer.positions, strict=True)]
        return np.hstack([X[:, self._plain(X.shape[1])], *found])

    def gathered(self, shares: Floats, inputs: int) -> Floats:
        """Return what each of the inputs contributes: a code, what all its numbers do.

        Shapes: (n, d − codes + codes · units) to (n, d).
        """
        plain = self._plain(inputs)
        result = np.zeros((len(shares), inputs))
        result[:, plain] = shares[:, : len(plain)]
        start = len(plain)
        for position in self.layer.positions:
            for unit in range(start, start + self.layer.units):
                # One by one: NumPy's own sums may add up one row in another order than many.
                result[:, position] += shares[:, unit]
            start += self.layer.units
        return result

    def _plain(self, inputs: int) -> list[int]:
        return [i for i in range(inputs) if i not in self.layer.positions]
