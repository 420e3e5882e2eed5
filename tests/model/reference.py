"""The equations in their plain form: rows first, nothing preallocated. The program is checked against it.

Every function takes a layer, its own arrays by name and its input (n, h), and returns its output and a function from
∂L/∂output to (∂L/∂input, gradients by name).
"""

from collections.abc import Callable, Mapping

import numpy as np

from model.layers import Layer
from model.layers.batch_norm import BatchNorm
from model.layers.dense import Dense
from model.layers.dropout import Dropout
from model.layers.embedding import Embedding
from model.layers.identity import Identity
from model.layers.leaky_relu import LeakyReLU
from model.layers.relu import ReLU
from model.layers.residual import Residual
from model.layers.sigmoid import Sigmoid
from model.layers.silu import SiLU
from model.layers.tanh import Tanh

Array = np.ndarray
Arrays = dict[str, Array]
Backward = Callable[[Array], tuple[Array, Arrays]]
Result = tuple[Array, Backward]


def sigma(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def elementwise(function: Callable[..., Array], slope: Callable[..., Array]) -> Callable[..., Result]:
    def apply(layer: Layer, own: Arrays, z: Array, training: bool) -> Result:
        return function(layer, z), lambda delta: (delta * slope(layer, z), {})

    return apply


def dense(layer: Dense, own: Arrays, a: Array, training: bool) -> Result:
    W, b = own["weights"][:-1], own["weights"][-1]
    return a @ W + b, lambda d: (d @ W.T, {"weights": np.vstack([a.T @ d, d.sum(0)])})


def batch_norm(layer: BatchNorm, own: Arrays, z: Array, training: bool) -> Result:
    gamma, beta = own["scale"]
    mean, variance = (z.mean(0), z.var(0)) if training else own["running"]
    spread = np.sqrt(variance + layer.epsilon)
    x = (z - mean) / spread

    def backward(d: Array) -> tuple[Array, Arrays]:
        gradients = {"scale": np.stack([(d * x).sum(0), d.sum(0)])}
        if training:
            d = d - d.mean(0) - x * (d * x).mean(0)
        return d * gamma / spread, gradients

    return gamma * x + beta, backward


def residual(layer: Residual, own: Arrays, a: Array, training: bool) -> Result:
    inside, backward_inside = forward(layer.layers, own, a, training)

    def backward(d: Array) -> tuple[Array, Arrays]:
        back, gradients = backward_inside(d)
        return d + back, gradients

    return inside + a, backward


def embedding(layer: Embedding, own: Arrays, a: Array, training: bool) -> Result:
    plain = [i for i in range(a.shape[1]) if i not in layer.positions]
    codes = [a[:, position].astype(int) for position in layer.positions]
    tables = [own[f"table{i}"] for i in range(len(codes))]
    out = np.hstack([a[:, plain], *(table[code] for table, code in zip(tables, codes, strict=True))])

    def backward(d: Array) -> tuple[Array, Arrays]:
        back, gradients = np.zeros_like(a), {}
        back[:, plain] = d[:, : len(plain)]
        for i, (table, code) in enumerate(zip(tables, codes, strict=True)):
            part = d[:, len(plain) + i * layer.units : len(plain) + (i + 1) * layer.units]
            gradients[f"table{i}"] = np.stack([part[code == row].sum(0) for row in range(len(table))])
        return back, gradients

    return out, backward


def dropout(layer: Dropout, own: Arrays, a: Array, training: bool) -> Result:
    if training:
        raise NotImplementedError("its masks are random: see test_dropout")
    return a, lambda d: (d, {})


REFERENCE: dict[type[Layer], Callable[..., Result]] = {
    BatchNorm: batch_norm,
    Dense: dense,
    Dropout: dropout,
    Embedding: embedding,
    Identity: elementwise(lambda _, z: z, lambda _, z: np.ones_like(z)),
    LeakyReLU: elementwise(
        lambda layer, z: np.where(z > 0, z, layer.alpha * z), lambda layer, z: np.where(z >= 0, 1, layer.alpha)
    ),
    ReLU: elementwise(lambda _, z: np.where(z > 0, z, 0), lambda _, z: np.where(z > 0, 1.0, 0)),
    Residual: residual,
    Sigmoid: elementwise(lambda _, z: sigma(z), lambda _, z: sigma(z) * (1 - sigma(z))),
    SiLU: elementwise(lambda _, z: z * sigma(z), lambda _, z: sigma(z) * (1 + z * (1 - sigma(z)))),
    Tanh: elementwise(lambda _, z: np.tanh(z), lambda _, z: 1 - np.tanh(z) ** 2),
}


def forward(layers: tuple[Layer, ...], arrays: Mapping[str, Array], a: Array, training: bool) -> Result:
    backwards = []
    for i, layer in enumerate(layers):
        own = {name.removeprefix(f"{i}."): value for name, value in arrays.items() if name.startswith(f"{i}.")}
        a, backward = REFERENCE[type(layer)](layer, own, a, training)
        backwards.append(backward)

    def back(delta: Array) -> tuple[Array, Arrays]:
        gradients: Arrays = {}
        for i, backward in reversed(list(enumerate(backwards))):
            delta, own = backward(delta)
            gradients |= {f"{i}.{name}": value for name, value in own.items()}
        return delta, gradients

    return a, back


def binary_cross_entropy(z: Array, y: Array, smoothing: float) -> tuple[Array, Array]:
    """Return each row's loss and ∂loss/∂z: (n, 1) and labels (n,) to (n,) and (n, 1)."""
    p, y = sigma(z[:, 0]), y * (1 - smoothing) + smoothing / 2
    return -y * np.log(p) - (1 - y) * np.log(1 - p), (p - y)[:, None]


def softmax_cross_entropy(z: Array, y: Array, smoothing: float) -> tuple[Array, Array]:
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    t = np.eye(z.shape[1])[y.astype(int)] * (1 - smoothing) + smoothing / z.shape[1]
    return -(t * np.log(p)).sum(1), p - t


def squared_error(z: Array, y: Array, smoothing: float) -> tuple[Array, Array]:
    return (z[:, 0] - y) ** 2, 2 * (z - y[:, None])


LOSSES: dict[str, Callable[[Array, Array, float], tuple[Array, Array]]] = {
    "binary_cross_entropy": binary_cross_entropy,
    "softmax_cross_entropy": softmax_cross_entropy,
    "squared_error": squared_error,
}
