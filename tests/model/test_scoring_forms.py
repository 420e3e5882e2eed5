"""The scoring forms of every layer, folded and as affine pieces, against its reference form."""

import json

import numpy as np
import pytest

from model.layers import CATALOG, Dense, Layer
from model.layers.activation import Activation
from model.layers.batch_norm import BatchNorm
from model.layers.dropout import Dropout
from model.layers.embedding import Embedding
from model.layers.feature_scale import FeatureScale
from model.layers.identity import Identity
from model.layers.leaky_relu import LeakyReLU
from model.layers.periodic import Periodic
from model.layers.relu import ReLU
from model.layers.residual import Residual
from model.layers.sequence import reference_all
from model.layers.sigmoid import Sigmoid
from model.layers.silu import SiLU
from model.layers.tanh import Tanh
from model.network.network import Network
from model.network.stack import Stack

INPUTS, ROWS = 5, 30

# One line for each layer: whether folding leaves it after a dense layer, and whether it is piecewise linear.
LAYERS: dict[str, tuple[Layer, bool, bool]] = {
    "batch_norm": (BatchNorm(), False, True),
    "dense": (Dense(4), True, True),
    "dropout": (Dropout(0.3), False, True),
    "embedding": (Embedding(2, positions=(1, 4), cardinalities=(3, 4)), True, False),
    "feature_scale": (FeatureScale(), True, True),
    "identity": (Identity(), False, True),
    "leaky_relu": (LeakyReLU(0.2), True, True),
    "periodic": (Periodic(3, positions=(0, 3)), True, False),
    "relu": (ReLU(), True, True),
    "residual": (Residual((Dense(6), BatchNorm(), ReLU(), Dropout(0.2), Dense(5), Identity())), True, True),
    "sigmoid": (Sigmoid(), True, False),
    "silu": (SiLU(), True, False),
    "tanh": (Tanh(), True, False),
}


def case(layer: Layer, members: int) -> tuple[Stack, Network, dict[str, np.ndarray], np.ndarray]:
    """Return a network around one layer with random arrays: its stack, its scoring form, arrays and rows."""
    layers = [layer] if layer.reads_codes else [Dense(5), layer]
    stack = Stack(INPUTS, (*layers, Dense(1)))
    rng = np.random.default_rng(6)
    lead = (members,) if members > 1 else ()
    named = [*stack.tensors(), *stack.states()]
    arrays = {
        name: rng.uniform(0.1, 1, (*lead, *tensor.shape)) - 0.4 * ("running" not in name) for name, tensor in named
    }
    X = rng.standard_normal((ROWS, INPUTS))
    if isinstance(layer, Embedding):
        for position, count in zip(layer.positions, layer.cardinalities, strict=True):
            X[:, position] = rng.integers(0, count, ROWS)
    flat = [
        np.concatenate([arrays[name].reshape(*lead, -1) for name, _ in group] or [np.zeros((*lead, 0))], axis=-1)
        for group in (stack.tensors(), stack.states())
    ]
    return stack, Network.freeze(stack, lead, *flat), arrays, X


def test_every_layer_of_the_catalog_is_checked_here() -> None:
    assert set(LAYERS) == set(CATALOG)
    assert all(isinstance(layer, CATALOG[name]) for name, (layer, _, _) in LAYERS.items())


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_a_folded_layer_equals_its_reference_form(name: str, members: int) -> None:
    layer, stays, _ = LAYERS[name]
    stack, network, arrays, X = case(layer, members)
    for member, logits in enumerate(network.member_logits(X)):
        own = {key: array[member] if members > 1 else array for key, array in arrays.items()}
        expected, _ = reference_all(stack.layers, own, X)
        np.testing.assert_allclose(logits, expected[:, 0], rtol=1e-11, atol=1e-12)
    kinds = [next(iter(each)) for each in network.layers_json["layers"]]
    assert kinds[0 if layer.reads_codes else 1 : -1] == ([name] if stays else [])
    assert not any(gone in json.dumps(network.layers_json) for gone in ("dropout", "batch_norm"))


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_pieces_equal_the_reference_form(name: str, folded: bool) -> None:
    layer, _, linear = LAYERS[name]
    stack, network, arrays, X = case(layer, 1)
    pieces = network.pieces[0] if folded and network.pieces is not None else stack.pieces(arrays)
    assert (network.pieces is not None) == (pieces is not None) == linear
    a = X
    for W, b, slope in pieces or ():
        z = a @ W + b
        a = np.where(z > 0, z, z * slope)
    if linear:
        expected, _ = reference_all(stack.layers, arrays, X)
        np.testing.assert_allclose(a, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("base", [Layer, Activation])
def test_a_layer_without_one_of_its_forms_cannot_be_made(base: type[Layer]) -> None:
    for forgotten in base.__abstractmethods__:
        forms = {name: lambda *_: None for name in base.__abstractmethods__ - {forgotten}}
        with pytest.raises(TypeError, match=forgotten):
            type("Half", (base,), forms)()
    assert {"record", "reference", "fold", "extend"} <= Layer.__abstractmethods__
