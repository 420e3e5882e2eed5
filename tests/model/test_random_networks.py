"""Random networks of all layers of the catalog: the tape against the reference form."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.layers import Dense, Layer
from model.layers.batch_norm import BatchNorm
from model.layers.embedding import Embedding
from model.layers.identity import Identity
from model.layers.leaky_relu import LeakyReLU
from model.layers.relu import ReLU
from model.layers.residual import Residual
from model.layers.sequence import reference_all
from model.layers.sigmoid import Sigmoid
from model.layers.silu import SiLU
from model.layers.tanh import Tanh
from model.losses import CATALOG, Loss
from tests.model.compiled import Pass, network

SIMPLE = st.sampled_from([ReLU(), LeakyReLU(0.3), Sigmoid(), Tanh(), SiLU(), Identity(), BatchNorm()])


@st.composite
def residual(draw: st.DrawFn, width: int) -> Layer:
    """Return a block with `width` outputs."""
    inside = draw(st.lists(st.one_of(SIMPLE, st.builds(Dense, st.integers(1, 6))), max_size=3))
    return Residual((*inside, Dense(width), *draw(st.lists(SIMPLE, max_size=2))))


@st.composite
def hidden_layers(draw: st.DrawFn, inputs: int) -> list[Layer]:
    layers: list[Layer] = []
    width = inputs
    if draw(st.booleans()) and inputs >= 2:
        layers.append(Embedding(draw(st.integers(1, 3)), (inputs - 1,), (3,)))
        width = layers[0].width(inputs)
    for _ in range(draw(st.integers(0, 6))):
        layer = draw(st.one_of(SIMPLE, st.builds(Dense, st.integers(1, 9)), residual(width)))
        layers.append(layer)
        width = layer.width(width)
    return layers


@given(st.data(), st.integers(1, 6), st.integers(2, 20), st.sampled_from(sorted(CATALOG)), st.integers(1, 3))
@settings(max_examples=250, deadline=None)
def test_loss_and_gradients_equal_the_reference_form(
    data: st.DataObject, inputs: int, rows: int, name: str, members: int
) -> None:
    layers = data.draw(hidden_layers(inputs))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    X = rng.standard_normal((rows, inputs))
    if layers and isinstance(layers[0], Embedding):
        X[:, -1] = rng.integers(0, 3, rows)
    y = rng.permutation(np.arange(rows) % 2).astype(float)
    loss: Loss = CATALOG[name]()
    case = Pass(network(*layers, Dense(loss.outputs(y)), inputs=inputs), loss, X, y, members)
    case.randomize(rng, 0.5)
    found = np.atleast_1d(case.run())
    for member in range(members):
        own = {n: a[member] if members > 1 else a for n, a in (case.parameters() | case.states()).items()}
        z, backward = reference_all(case.stack.layers, own, X, case.masks.for_batch(0))
        values, delta = loss.reference(z, y)
        assert np.isclose(found[member], values.mean(), rtol=1e-9)
        _, gradients = backward(delta / rows)
        scale = max(np.abs(g).max() for g in gradients.values())
        for key, gradient in case.gradients().items():
            mine = gradient[member] if members > 1 else gradient
            np.testing.assert_allclose(mine, gradients[key], rtol=1e-7, atol=1e-10 * max(scale, 1))
