"""The embedding of category codes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.design import CodeColumn, Floats
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, Tensor
from model.layers.pieces import Chain
from model.ranges import Count, Natural, Width
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class Embedding(Layer):
    """Replaces each category code by a row of a learned table, `units` numbers wide.

        a = table[code]; ∂L/∂table[code] = Σ δ over the rows with this code

    The layer must be the first. `positions` are those of the codes among the inputs, `cardinalities` the number of
    categories of each; training sets both. The other inputs come first in the output and keep their order.

    Source: Guo & Berkhahn, "Entity embeddings of categorical variables", 2016.
    """

    reads_codes: ClassVar[bool] = True

    units: Width
    positions: tuple[Natural, ...] = ()
    cardinalities: tuple[Count, ...] = ()

    def width(self, inputs: int) -> int:
        """Return the number of plain inputs plus `units` for each code column."""
        return inputs + len(self.positions) * (self.units - 1)

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return one table for each code column."""
        sizes = enumerate(self.cardinalities)
        return tuple(Tensor(f"table{i}", (n, self.units), n, (), self.units, self.units) for i, n in sizes)

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return the plain inputs and the row of each code; the backward pass returns Σ δ for each row."""
        plain = [i for i in range(a.shape[1]) if i not in self.positions]
        codes = [a[:, position].astype(int) for position in self.positions]
        tables = [own[f"table{i}"] for i in range(len(codes))]
        out = np.hstack([a[:, plain], *(table[code] for table, code in zip(tables, codes, strict=True))])

        def backward(delta: Floats) -> tuple[Floats, Arrays]:
            back, gradients = np.zeros_like(a), {}
            back[:, plain] = delta[:, : len(plain)]
            for i, (table, code) in enumerate(zip(tables, codes, strict=True)):
                part = delta[:, len(plain) + i * self.units : len(plain) + (i + 1) * self.units]
                gradients[f"table{i}"] = np.stack([part[code == row].sum(0) for row in range(len(table))])
            return back, gradients

        return out, backward

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the table look-ups, member by member."""
        out = arena.activations(self.width(a.shape[-2] - 1))
        plain = list(self._plain(a.shape[-2] - 1))
        for to, source in plain:
            tape(np.copyto, out[..., to, :], a[..., source, :])
        start = a.shape[-2] - 1 - len(self.positions)
        tables = []
        for i, position in enumerate(self.positions):
            table, gradient = arena.parameters()
            rows = slice(start + i * self.units, start + (i + 1) * self.units)
            codes = arena.codes(i)
            tape(np.copyto, codes, a[..., position, :], "unsafe")
            tables.append((gradient, codes, rows))
            found = tape.scratch((arena.rows, self.units))
            for E, code, place in zip(members(table), members(codes, 1), members(out[..., rows, :]), strict=True):
                tape(E.take, code, 0, found, "clip")
                tape(np.copyto, place, found.mT)

        def backward(delta: Floats) -> Floats:
            for gradient, codes, rows in tables:
                tape(gradient.fill, 0)
                parts = members(delta[..., rows, :])
                for G, code, part in zip(members(gradient), members(codes, 1), parts, strict=True):
                    tape(np.add.at, G, code, part.mT)
            if not arena.input_wanted(a):
                return delta
            result = arena.fresh(a.shape[-2] - 1)
            tape(result.fill, 0)
            for to, source in plain:
                tape(np.copyto, result[..., source, :], delta[..., to, :])
            return result

        return out, backward

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Keep the layer."""
        folded.append((self, own))

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Return False: a look-up is not linear in the codes."""
        return False

    def gathered(self, contributions: Floats, inputs: int) -> Floats:
        """Return the contribution of each input: that of a plain input, and the sum of those of a code's `units`.

        Shapes: contributions (n, width(inputs)) to (n, inputs).
        """
        plain = [i for i in range(inputs) if i not in self.positions]
        result = np.zeros((len(contributions), inputs))
        result[:, plain] = contributions[:, : len(plain)]
        for i, position in enumerate(self.positions):
            for unit in range(len(plain) + i * self.units, len(plain) + (i + 1) * self.units):
                # One by one: NumPy sums a single row in another order than several rows.
                result[:, position] += contributions[:, unit]
        return result

    def with_codes(self, codes: Sequence[CodeColumn]) -> Layer:
        """Return the layer with the positions and cardinalities of these code columns."""
        positions, cardinalities = tuple(c.position for c in codes), tuple(c.cardinality for c in codes)
        return replace(self, positions=positions, cardinalities=cardinalities)

    def _plain(self, inputs: int) -> Iterator[tuple[slice, slice]]:
        """Yield the target slice and the source slice of each run of plain inputs."""
        to = 0
        for before, after in pairwise((-1, *sorted(self.positions), inputs)):
            if after > before + 1:
                yield slice(to, to + after - before - 1), slice(before + 1, after)
                to += after - before - 1


def members(a: NDArray[Any], axes: int = 2) -> list[NDArray[Any]]:
    """Return views of the parts of all members. `axes` is the number of axes of a single network's array."""
    return [a] if a.ndim == axes else list(a)
