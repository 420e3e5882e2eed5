"""Every layer and loss of the catalogs: gradients against central differences and against the reference form."""

import numpy as np
import pytest

from model import layers, losses
from model.layers import Dense, Layer
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
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.losses.softmax_cross_entropy import SoftmaxCrossEntropy
from model.losses.squared_error import SquaredError
from tests.model.compiled import Pass, network

ROWS, INPUTS = 12, 5

# One line for each layer: the hidden layers of a network.
LAYERS: dict[str, list[Layer]] = {
    "batch_norm": [BatchNorm(), Dense(4), BatchNorm(), Tanh()],
    "dense": [Dense(4), Dense(3)],
    "dropout": [Dense(4), Tanh(), Dropout(0.3), Dense(4), Dropout(0.5), Sigmoid(), Dropout(0.2)],
    "embedding": [Embedding(2, positions=(1, 4), cardinalities=(3, 4)), Dense(4), Tanh()],
    "feature_scale": [FeatureScale(), Dense(4), Tanh(), FeatureScale(2.0)],
    "identity": [Dense(4), Identity()],
    "leaky_relu": [LeakyReLU(0.2), Dense(4), LeakyReLU(0.2)],
    "periodic": [Periodic(3, frequencies=4, positions=(0, 3)), Periodic(2, positions=(6,)), Dense(4), Tanh()],
    "relu": [ReLU(), Dense(4), ReLU()],
    "residual": [Residual((Dense(6), Tanh(), Dense(5))), Residual((Tanh(), Residual((Dense(5), SiLU()))))],
    "sigmoid": [Sigmoid(), Dense(4), Sigmoid()],
    "silu": [SiLU(), Dense(4), SiLU()],
    "tanh": [Tanh(), Dense(4), Tanh()],
}

LOSS_CASES = {
    "binary_cross_entropy": (BinaryCrossEntropy(), BinaryCrossEntropy(label_smoothing=0.2)),
    "softmax_cross_entropy": (SoftmaxCrossEntropy(), SoftmaxCrossEntropy(label_smoothing=0.2)),
    "squared_error": (SquaredError(),),
}


def test_every_layer_and_loss_of_the_catalogs_is_checked_here() -> None:
    assert set(LAYERS) == set(layers.CATALOG)
    assert set(LOSS_CASES) == set(losses.CATALOG)


def inputs(hidden: list[Layer], rng: np.random.Generator) -> np.ndarray:
    """Return rows away from the kinks at 0, with codes for an embedding."""
    X = rng.standard_normal((ROWS, INPUTS))
    X += 0.1 * np.sign(X)
    if isinstance(hidden[0], Embedding):
        for position, count in zip(hidden[0].positions, hidden[0].cardinalities, strict=True):
            X[:, position] = rng.integers(0, count, ROWS)
    return X


def labels(loss: losses.Loss, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(np.arange(ROWS) % 3 if isinstance(loss, SoftmaxCrossEntropy) else np.arange(ROWS) % 2)


def build(hidden: list[Layer], loss: losses.Loss, seed: int, members: int = 1) -> tuple[Pass, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X, y = inputs(hidden, rng), labels(loss, rng)
    case = Pass(network(*hidden, Dense(loss.outputs(y)), inputs=INPUTS), loss, X, y, members)
    case.masks.fill(1, False)
    case.randomize(rng)
    return case, X, y


def differences(case: Pass, flat: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Return central differences of the summed loss by each number of an array."""
    found = np.zeros(flat.shape)
    for i in np.ndindex(flat.shape):
        value = flat[i]
        flat[i] = value + step
        up = case.run().sum()
        flat[i] = value - step
        down = case.run().sum()
        flat[i] = value
        found[i] = (up - down) / (2 * step)
    return found


def assert_close(found: np.ndarray, expected: np.ndarray, tolerance: float = 1e-6) -> None:
    assert np.linalg.norm(found - expected) <= tolerance * max(np.linalg.norm(expected), 1e-3)


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_gradients_of_parameters_and_inputs_equal_central_differences(name: str, members: int) -> None:
    case, _, _ = build(LAYERS[name], BinaryCrossEntropy(), 3, members)
    case.run()
    gradient, back = case.buffers.gradients[0].copy(), case.input_gradient.copy()
    assert np.abs(gradient).max() > 1e-3
    assert_close(gradient, differences(case, case.buffers.values))
    if members == 1:
        plain = [0, 2, 3] if name == "embedding" else slice(INPUTS)
        assert_close(back.T[:, plain], differences(case, case.rows)[:, :-1][:, plain])


@pytest.mark.parametrize("name", LAYERS)
def test_the_tape_equals_the_reference_form(name: str) -> None:
    loss = BinaryCrossEntropy(0.1)
    case, X, y = build(LAYERS[name], loss, 4)
    mean = case.run()
    z, backward = reference_all(case.stack.layers, case.parameters() | case.states(), X, case.masks.for_batch(0))
    values, delta = loss.reference(z, y)
    back, gradients = backward(delta / ROWS)
    np.testing.assert_allclose(case.logits, z.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(mean, values.mean(), rtol=1e-12)
    np.testing.assert_allclose(case.input_gradient, back.T, rtol=1e-10, atol=1e-13)
    for key, gradient in case.gradients().items():
        np.testing.assert_allclose(gradient, gradients[key], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize(("name", "loss"), [(name, loss) for name, cases in LOSS_CASES.items() for loss in cases])
def test_losses_and_gradients_equal_the_plain_form_and_central_differences(name: str, loss: losses.Loss) -> None:
    case, _, y = build([Dense(4), Tanh()], loss, 5)
    mean = case.run()
    values, delta = loss.reference(case.logits.T, y)
    np.testing.assert_allclose(mean, values.mean(), rtol=1e-12)
    assert delta.shape == (ROWS, case.stack.outputs)
    gradient = case.buffers.gradients[0].copy()
    assert_close(gradient, differences(case, case.buffers.values))


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), SoftmaxCrossEntropy(), SquaredError()])
def test_losses_of_extreme_logits_are_finite(loss: losses.Loss) -> None:
    y = np.array([0, 1, 0, 1])
    z = np.tile([800.0, 800.0, -800.0, -800.0], (loss.outputs(y), 1))
    z[-1] *= -1
    assert np.isfinite(loss.values(z, loss.targets(y, len(z)))).all()


def test_probability_015_on_label_0_costs_0163_nats() -> None:
    loss = BinaryCrossEntropy()
    z = np.log([[0.15 / 0.85]])
    assert loss.values(z, loss.targets(np.array([0]), 1))[0] == pytest.approx(0.1625189, abs=1e-7)
    assert loss.reference(z, np.zeros(1))[1][0, 0] == pytest.approx(0.15)  # ŷ − y


def test_dropout_keeps_its_rate_and_the_mean() -> None:
    rng = np.random.default_rng(0)
    case = Pass(
        network(Dropout(0.25), Dense(1), inputs=200),
        BinaryCrossEntropy(),
        rng.standard_normal((500, 200)),
        np.arange(500) % 2,
    )
    case.masks.fill(1, False)
    mask = case.masks._masks[0].full[0]
    assert set(np.unique(mask)) == {0.0, 4 / 3}
    assert (mask == 0).mean() == pytest.approx(0.25, abs=0.005)
    first = mask.copy()
    case.masks.fill(1, False)
    assert not np.array_equal(mask, first)


def test_batch_norm_keeps_running_averages() -> None:
    rng = np.random.default_rng(0)
    X = 3 + 2 * rng.standard_normal((50, 3))
    case = Pass(network(BatchNorm(momentum=0.25), Dense(1), inputs=3), BinaryCrossEntropy(), X, np.arange(50) % 2)
    case.buffers.values[...] = 1
    case.run()
    case.run()
    mean, variance = case.states()["0.running"]
    np.testing.assert_allclose(mean, X.mean(0) * (1 - 0.75**2))
    np.testing.assert_allclose(variance, 0.75**2 + X.var(0, ddof=1) * (1 - 0.75**2))
