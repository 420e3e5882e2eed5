"""A trained network made simpler for scoring: nothing is dropped, and batch normalization goes into a dense layer."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from model.design import Floats
from model.layers import Dense, Layer
from model.layers.batch_norm import BatchNorm
from model.layers.dropout import Dropout
from model.layers.identity import Identity
from model.layers.residual import Residual
from model.network.stack import Stack

Arrays: TypeAlias = dict[str, Floats]


def fold(stack: Stack, arrays: Mapping[str, Floats]) -> tuple[Stack, Arrays]:
    """Return an equal network for scoring, and its arrays in float64.

    After a dense layer, a batch normalization is z·s + t with s = γ/√(σ² + ε) and t = β − μs, so W and b become Ws and
    bs + t. One that follows no dense layer stays.
    """
    found: Arrays = {}
    layers = fold_layers(stack.layers, arrays, "", found, "")
    return Stack(stack.inputs, layers), found


def fold_layers(
    layers: tuple[Layer, ...], arrays: Mapping[str, Floats], path: str, found: Arrays, new_path: str
) -> tuple[Layer, ...]:
    """Fold one list of layers; their arrays go into `found` under their new names."""
    kept: list[Layer] = []
    for i, layer in enumerate(layers):
        here, there = f"{path}{i}.", f"{new_path}{len(kept)}."
        own = {name[len(here) :]: np.asarray(a, np.float64) for name, a in arrays.items() if name.startswith(here)}
        if isinstance(layer, Dropout | Identity):
            continue
        if isinstance(layer, Residual):
            inside = fold_layers(layer.layers, arrays, here, found, there)
            kept.append(Residual(inside or (Identity(),)))
            continue
        if isinstance(layer, BatchNorm) and kept and isinstance(kept[-1], Dense):
            into = f"{new_path}{len(kept) - 1}.weights"
            found[into] = normalized(found[into], own["scale"], own["running"], layer.epsilon)
            continue
        kept.append(layer)
        found.update({f"{there}{name}": array for name, array in own.items()})
    return tuple(kept)


def normalized(weights: Floats, scale: Floats, running: Floats, epsilon: float) -> Floats:
    """Return a dense layer's array with the normalization that follows it.

    Shapes: weights ([K,] h_in + 1, h_out); scale and running ([K,] 2, h_out).
    """
    (gamma, beta), (mean, variance) = np.moveaxis(scale, -2, 0), np.moveaxis(running, -2, 0)
    factor = gamma / np.sqrt(variance + epsilon)
    result = weights * factor[..., None, :]
    result[..., -1, :] += beta - mean * factor
    return np.asarray(result)
