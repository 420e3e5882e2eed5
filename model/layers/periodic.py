"""The periodic embedding of numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.design import Floats
from model.layers.layer import Arrays, Backward, Folded, Layer, ReferenceBackward, RowMemory, Tensor
from model.layers.pieces import Chain
from model.layers.silu import SiLU
from model.ranges import Natural, Positive, Width
from model.tape import Arena, Draw, Tape


@dataclass(frozen=True)
class Periodic(Layer):
    """Appends `units` learned features of each number to the inputs, so that a network can make sharp thresholds.

        v = cx; s = [sin v, cos v]; a = SiLU(sW + b), for each number x with its own c, W and b
        ∂L/∂v = ∂L/∂s₁ cos v − ∂L/∂s₂ sin v; ∂L/∂c = Σ ∂L/∂v x; ∂L/∂x = Σ ∂L/∂v c

    The frequencies c start at random between ±2π · `highest` and are learned without weight decay. `positions` are
    those of the numbers among the inputs; for the spec's key `periodic`, training sets them. All inputs come first in
    the output.

    Source: Gorishniy, Rubachev & Babenko, "On embeddings for numerical features in tabular deep learning", 2022.
    """

    units: Width = 4
    frequencies: Width = 8
    highest: Positive = 0.5
    positions: tuple[Natural, ...] = ()

    def width(self, inputs: int) -> int:
        """Return the number of inputs plus `units` for each number."""
        return inputs + len(self.positions) * self.units

    def fits(self, inputs: int) -> bool:
        """Tell whether the positions are different ones of so many inputs, and one at least."""
        return 0 < len(set(self.positions)) == len(self.positions) and max(self.positions) < inputs

    def tensors(self, inputs: int) -> tuple[Tensor, ...]:
        """Return the frequencies (k, f), and W (k · units, 2f) and b (k · units, 1) of k numbers."""
        k, f, rows = len(self.positions), self.frequencies, len(self.positions) * self.units
        return (
            Tensor("frequencies", (k, f), k, bound=2 * math.pi * self.highest, decays=False),
            Tensor("weights", (rows, 2 * f), rows, (), 2 * f, self.units),
            Tensor("biases", (rows, 1), 0, (0.0,) * rows),
        )

    def reference(self, own: Arrays, a: Floats, masks: Draw | None) -> tuple[Floats, ReferenceBackward]:
        """Return the inputs and the features of each number; the backward pass sums both ways to a number."""
        n, k, f = len(a), len(self.positions), self.frequencies
        x, c = a[:, self.positions], own["frequencies"]
        W = own["weights"].reshape(k, self.units, 2 * f)
        v = x[:, :, None] * c
        s = np.concatenate([np.sin(v), np.cos(v)], axis=2)
        z = np.einsum("nkf,kuf->nku", s, W) + own["biases"].reshape(k, self.units)
        features, slope = SiLU().function(z)

        def backward(delta: Floats) -> tuple[Floats, Arrays]:
            back = delta[:, : a.shape[1]].copy()
            dz = delta[:, a.shape[1] :].reshape(z.shape) * slope
            ds = np.einsum("nku,kuf->nkf", dz, W)
            dv = ds[:, :, :f] * np.cos(v) - ds[:, :, f:] * np.sin(v)
            back[:, self.positions] += (dv * c).sum(2)
            gradients = {
                "frequencies": (dv * x[:, :, None]).sum(0),
                "weights": np.einsum("nku,nkf->kuf", dz, s).reshape(own["weights"].shape),
                "biases": dz.sum(0).reshape(-1, 1),
            }
            return back, gradients

        return np.hstack([a, features.reshape(n, -1)]), backward

    def record(self, tape: Tape, arena: Arena, a: Floats) -> tuple[Floats, Backward]:
        """Record the features of all numbers side by side, as arrays ([K,] k, width, B)."""
        inputs, k, f, units = a.shape[-2] - 1, len(self.positions), self.frequencies, self.units
        out = arena.activations(self.width(inputs))
        features, place = arena.fresh(k * units), out[..., inputs:-1, :]
        (c, c_gradient), (W, W_gradient), (b, b_gradient) = (arena.parameters() for _ in range(3))
        x, v, s, ds = (arena.fresh(width) for width in (k, k * f, 2 * k * f, 2 * k * f))
        by_number, each, each_s = x[..., :, None, :], split_rows(v, k), split_rows(s, k)
        sine, cosine = each_s[..., :f, :], each_s[..., f:, :]
        each_c, each_W, each_z = c[..., None], split_rows(W, k), split_rows(features, k)
        tape(np.copyto, out[..., :inputs, :], a[..., :inputs, :])
        tape(np.take, a, np.array(self.positions), -2, x, "clip")
        tape(np.multiply, each_c, by_number, each)
        tape(np.sin, each, sine)
        tape(np.cos, each, cosine)
        tape(np.matmul, each_W, each_s, each_z)
        tape(np.add, features, b, features)
        silu = SiLU().record_function(tape, arena, features, place)

        def backward(delta: Floats) -> Floats:
            silu(delta[..., inputs:, :])
            dz = split_rows(delta[..., inputs:, :], k)
            tape(np.matmul, dz, each_s.mT, split_rows(W_gradient, k))
            tape(np.add.reduce, delta[..., inputs:, :], -1, None, b_gradient, True)
            each_ds = split_rows(ds, k)
            tape(np.matmul, each_W.mT, dz, each_ds)
            tape(np.multiply, each_ds[..., :f, :], cosine, each)
            tape(np.multiply, each_ds[..., f:, :], sine, each_ds[..., f:, :])
            tape(np.subtract, each, each_ds[..., f:, :], each)
            tape(np.vecdot, each, by_number, c_gradient)
            result = delta[..., :inputs, :]
            if arena.input_wanted(a):
                tape(np.multiply, each, each_c, each)
                tape(np.add.reduce, each, -2, None, x)
                for i, position in enumerate(self.positions):
                    tape(np.add, result[..., position, :], x[..., i, :], result[..., position, :])
            return result

        return out, backward

    def fold(self, own: Arrays, folded: list[Folded]) -> None:
        """Keep the layer."""
        folded.append((self, own))

    def extend(self, chain: Chain, own: Arrays) -> bool:
        """Return False: sine and cosine are not piecewise linear."""
        return False

    def row_memory(self, inputs: int, before: Layer | None) -> RowMemory:
        """Return the output, the numbers, their phases, and sine and cosine with their gradients."""
        k, waves = len(self.positions), len(self.positions) * self.frequencies
        return RowMemory(self.width(inputs) + 1 + k + 5 * waves + 2 * k * self.units)

    def with_numbers(self, positions: Sequence[int]) -> "Periodic":
        """Return the layer for numbers at these positions."""
        return replace(self, positions=tuple(positions))


def split_rows(a: Floats, parts: int) -> Floats:
    """Return a view of the rows in parts: ([K,] k · r, c) to ([K,] k, r, c)."""
    return a.reshape(*a.shape[:-2], parts, -1, a.shape[-1])
