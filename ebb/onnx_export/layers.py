"""The layers in ONNX: from the design matrix to the logits. A value has the shape (members, n, width)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto

from ebb.onnx_export.graph import Graph
from model.errors import EstimatorError
from model.layers import Layer
from model.layers.batch_norm import BatchNorm
from model.layers.dense import Dense
from model.layers.dropout import Dropout
from model.layers.embedding import Embedding
from model.layers.feature_scale import FeatureScale
from model.layers.identity import Identity
from model.layers.layer import Arrays
from model.layers.leaky_relu import LeakyReLU
from model.layers.periodic import Periodic
from model.layers.relu import ReLU
from model.layers.residual import Residual
from model.layers.sequence import arrays_of
from model.layers.sigmoid import Sigmoid
from model.layers.silu import SiLU
from model.layers.tanh import Tanh
from model.network.blend import Blend
from model.network.network import Network


def add_network(graph: Graph, network: Network | Blend, X: str) -> str:
    """Add a network or a blend over a design matrix (n, d); return its logits, (n,)."""
    if isinstance(network, Network):
        lead = network.members == 1
        arrays = {name: array[None] if lead else array for name, array in network.arrays().items()}
        a = graph("Add", graph("Unsqueeze", X, np.array([0])), np.zeros((network.members, 1, 1)))
        mean = graph("ReduceMean", _layers(graph, network.layers, arrays, a), np.array([0]), keepdims=0)
        return graph("Squeeze", mean, np.array([1]))
    logits = [
        graph("Mul", add_network(graph, each, X), w) for each, w in zip(network.networks, network.weights, strict=True)
    ]
    return graph("Sum", *logits)


def _layers(graph: Graph, layers: Sequence[Layer], arrays: Arrays, a: str) -> str:
    for i, layer in enumerate(layers):
        add = LAYERS.get(type(layer))
        if add is None:
            raise EstimatorError(f"the layer {type(layer).__name__} cannot be exported to ONNX")
        a = add(graph, layer, arrays_of(arrays, i), a)
    return a


def _dense(graph: Graph, layer: Any, own: Arrays, a: str) -> str:
    W = own["weights"]
    return graph("Add", graph("MatMul", a, W[:, :-1]), W[:, -1:])


def _leaky_relu(graph: Graph, layer: Any, own: Arrays, a: str) -> str:
    return graph("Max", a, graph("Mul", a, layer.alpha))


def _silu(graph: Graph, layer: Any, own: Arrays, a: str) -> str:
    return graph("Mul", a, graph("Sigmoid", a))


def _feature_scale(graph: Graph, layer: Any, own: Arrays, a: str) -> str:
    return graph("Mul", a, (1.0 + layer.speed * own["theta"]).mT)


def _batch_norm(graph: Graph, layer: Any, own: Arrays, a: str) -> str:
    (gamma, beta), (mean, variance) = (np.moveaxis(own[name], 1, 0)[:, :, None] for name in ("scale", "running"))
    factor = gamma / np.sqrt(variance + layer.epsilon)
    return graph("Add", graph("Mul", a, factor), beta - mean * factor)


def _residual(graph: Graph, layer: Any, own: Arrays, a: str) -> str:
    return graph("Add", _layers(graph, layer.layers, own, a), a)


def _embedding(graph: Graph, layer: Any, own: Arrays, a: str) -> str:
    """Look the codes up, member by member. A code is the same for all members."""
    first = graph("Gather", a, np.array(0), axis=0)
    width = max(layer.positions, default=-1) + 1
    parts = []
    for i, position in enumerate(layer.positions):
        codes = graph("Cast", graph("Gather", first, np.array(position), axis=1), to=TensorProto.INT64)
        parts.append(graph("Gather", own[f"table{i}"], codes, axis=1))
    plain = _without(graph, a, layer.positions, width)
    return graph("Concat", *plain, *parts, axis=2)


def _without(graph: Graph, a: str, positions: Sequence[int], width: int) -> list[str]:
    """Return the runs of inputs between the positions, and all after them."""
    runs, start = [], 0
    for position in (*sorted(positions), None):
        stop = np.iinfo(np.int64).max if position is None else position
        if stop > start:
            runs.append(graph("Slice", a, np.array([start]), np.array([stop]), np.array([2])))
        start = stop + 1 if position is not None else stop
    return runs


def _periodic(graph: Graph, layer: Any, own: Arrays, a: str) -> str:
    """Append SiLU(sW + b) of s = [sin cx, cos cx] for each number x, as (members, numbers, n, units)."""
    c, k, units = own["frequencies"], len(layer.positions), layer.units
    x = graph("Transpose", graph("Gather", a, np.array(layer.positions), axis=2), perm=[0, 2, 1])
    v = graph("Mul", graph("Unsqueeze", x, np.array([3])), c[:, :, None])
    s = graph("Concat", graph("Sin", v), graph("Cos", v), axis=3)
    W = own["weights"].reshape(len(c), k, units, -1)
    z = graph("Add", graph("MatMul", s, W.mT), own["biases"].reshape(len(c), k, 1, units))
    rows = graph("Transpose", _silu(graph, layer, own, z), perm=[0, 2, 1, 3])
    return graph("Concat", a, graph("Reshape", rows, np.array([0, 0, k * units])), axis=2)


def _elementwise(operator: str) -> Callable[[Graph, Any, Arrays, str], str]:
    return lambda graph, layer, own, a: graph(operator, a)


LAYERS: Mapping[type[Layer], Callable[[Graph, Any, Arrays, str], str]] = {
    BatchNorm: _batch_norm,
    Dense: _dense,
    Dropout: _elementwise("Identity"),
    Embedding: _embedding,
    FeatureScale: _feature_scale,
    Identity: _elementwise("Identity"),
    LeakyReLU: _leaky_relu,
    Periodic: _periodic,
    ReLU: _elementwise("Relu"),
    Residual: _residual,
    Sigmoid: _elementwise("Sigmoid"),
    SiLU: _silu,
    Tanh: _elementwise("Tanh"),
}
