"""Trains one member by automatic differentiation."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autodiff.network import forward, layers_of, losses
from autodiff.updates import Plateau, clipped, decayed, rate_at, update
from model.design import Design
from model.network.stack import Stack
from model.random import shuffle, stream
from model.training.masks import LEVELS, MASKS
from model.training.trainer import ORDER


class Masks:
    """The dropout masks of the engine, drawn from its streams batch by batch."""

    def __init__(self, seed: int) -> None:
        self._seed, self._streams = seed, {}

    def for_batch(self, rows: int) -> Callable[[int, float], Tensor]:
        """Return a function that returns the mask (B, h) of each layer, in order."""
        asked = iter(range(10**6))

        def mask(width: int, rate: float) -> Tensor:
            layer = next(asked)
            bits = self._streams.setdefault(layer, stream(self._seed, MASKS + layer))
            levels = bits.random_raw(-(-width * rows // 4)).view(np.uint16)[: width * rows].reshape(width, rows)
            dropped = round(rate * LEVELS)
            return torch.tensor((levels >= dropped).T * (LEVELS / (LEVELS - dropped)))

        return mask


class Training:
    """The parameters and running state of one member, trained from the engine's initial weights."""

    def __init__(
        self, spec: dict[str, Any], design: Design, stack: Stack, values: list[Any], states: list[Any]
    ) -> None:
        self._spec, self._design = spec, design
        self.parameters = [torch.tensor(a, requires_grad=True) for a in values]
        self.states = [torch.tensor(a) for a in states]
        self._kernels = [tensor.kernel for _, tensor in stack.tensors()]
        cardinalities = [column.cardinality for column in design.codes]
        self._layers = layers_of(spec, design.width, stack.outputs, cardinalities)
        self._memories: list[dict[str, Tensor]] = [{} for _ in values]
        self._plateau = Plateau(spec)

    def losses(self, seed: int) -> list[float]:
        """Train all epochs; return the mean loss of each, every batch before its update."""
        spec, rows = self._spec, self._design.train_rows
        orders, masks, found = stream(seed, ORDER), Masks(seed), []
        weights, step = row_weights(self._design, spec["class_weight"]), 0
        batches = -(-len(rows) // spec["batch_size"])
        for _ in range(spec["epochs"]):
            order, total = rows[shuffle(orders, len(rows))], 0.0
            for i in range(batches):
                batch = order[i * spec["batch_size"] : (i + 1) * spec["batch_size"]]
                rate = rate_at(step, batches, spec) * self._plateau.factor
                step += 1
                total += self._step(batch, weights[batch], masks.for_batch(len(batch)), step, rate)
            found.append(total / len(rows))
            self._plateau.watch(found[-1])
        return found

    def _step(self, batch: Any, weights: Any, mask: Any, t: int, rate: float) -> float:
        X, y = torch.tensor(self._design.X[batch]), torch.tensor(self._design.y[batch])
        codes = [column.position for column in self._design.codes]
        z = forward(self._layers, X, iter(self.parameters), iter(self.states), mask, codes)
        values = losses(self._spec, z, y) * torch.tensor(weights)
        gradients = torch.autograd.grad(values.mean(), self.parameters)
        with torch.no_grad():
            cut = clipped(list(gradients), self._spec)
            for g, theta, kernel, memory in zip(cut, self.parameters, self._kernels, self._memories, strict=True):
                g = decayed(g, theta, kernel, self._spec)  # noqa: PLW2901  # the same gradient, with its penalties
                theta -= update(g, theta, kernel, memory, t=t, rate=rate, spec=self._spec)  # noqa: PLW2901  # in place
        return values.sum().item()


def row_weights(design: Design, class_weight: Any) -> np.ndarray:
    """Return the weight of each row: its own times that of its class, with mean 1 over the training rows."""
    weights = np.ones(len(design.y)) if design.weight is None else design.weight.astype(float)
    if class_weight == "balanced":
        labels, counts = np.unique(design.y[design.train_rows], return_counts=True)
        class_weight = {str(label): 1 / count for label, count in zip(labels, counts, strict=True)}
    for label, weight in (class_weight or {}).items():
        weights = np.where(design.y == float(label), weights * weight, weights)
    return weights / weights[design.train_rows].mean()
