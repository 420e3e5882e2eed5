"""The glass box: every output is the engine's, and every δ is that of central differences."""

from collections.abc import Sequence

import numpy as np
import pytest

from model.columns import Table
from model.design import Floats
from model.errors import EstimatorError
from model.estimator import Estimator
from model.glass_box import Place, open_glass_box
from model.layers import Layer
from model.layers.layer import Arrays
from model.layers.sequence import arrays_of
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.network.layer_passes import layer_passes
from model.spec import parse_recipe
from tests.model.fitted import Fitting, fit, mixed_table
from tests.model.untrained import untrained

STEP = 1e-6
BLOCKS = [
    6,
    {"residual": [{"dense": 6}, {"tanh": {}}, {"residual": [{"dense": 6}, {"silu": {}}]}]},
    {"leaky_relu": {"alpha": 0.2}},
    5,
]
Changes = dict[str, Floats]


def run(layers: Sequence[Layer], arrays: Arrays, a: Floats, changes: Changes, prefix: str = "") -> Floats:
    """Apply layers by the plain equations, and add the changes to the outputs of the layers with these paths."""
    for i, layer in enumerate(layers):
        own, path = arrays_of(arrays, i), f"{prefix}{i}"
        out = run(layer.inner, own, a, changes, f"{path}.") + a if layer.inner else layer.reference(own, a, None)[0]
        a = out + changes.get(path, 0.0)
    return a


@pytest.mark.parametrize("churned", [0.0, 1.0])
def test_every_delta_is_that_of_central_differences(churned: float) -> None:
    network = untrained({"layers": BLOCKS, "activation": "sigmoid", "batch_norm": True}, 4)
    rng, y, loss = np.random.default_rng(0), np.array([churned]), BinaryCrossEntropy()
    X = rng.standard_normal((1, 4))
    passes, input_delta = layer_passes(network.layers, network.arrays(), X, lambda z: loss.reference(z, y)[1])
    assert len({each.path for each in passes}) == len(passes) > 10

    def loss_with(changes: Changes, x: Floats = X) -> float:
        return float(loss.reference(run(network.layers, network.arrays(), x, changes), y)[0][0])

    for each in passes:
        for unit in range(each.output.shape[1]):
            step = STEP * np.eye(each.output.shape[1])[[unit]]
            slope = (loss_with({each.path: step}) - loss_with({each.path: -step})) / (2 * STEP)
            assert slope == pytest.approx(each.delta[0, unit], rel=1e-5, abs=1e-9), (each.path, unit)
    for feature in range(4):
        step = STEP * np.eye(4)[[feature]]
        slope = (loss_with({}, X + step) - loss_with({}, X - step)) / (2 * STEP)
        assert slope == pytest.approx(input_delta[0, feature], rel=1e-5, abs=1e-9)


def customer(estimator: Estimator, row: int = 3) -> Table:
    cells, _ = estimator.read({name: mixed_table().columns[name] for name in estimator.encoder.names}, 300)
    return cells.take(np.array([row]))


@pytest.mark.parametrize("spec", [{"layers": [8, 4]}, {"layers": [6], "members": 3}])
def test_the_layers_end_in_the_logits_and_slopes_of_the_engine(spec: dict[str, object]) -> None:
    estimator = fit(mixed_table(), **spec).estimator()
    cells = customer(estimator)
    X = estimator.encoder.encode(cells)
    found = [open_glass_box(estimator, cells, True, Place(0, m)) for m in range(estimator.network.members)]
    for member, box in enumerate(found):
        logits, slopes = estimator.network.singles[member].slopes(X)
        assert box.layers[-1].output[0, 0] == pytest.approx(logits[0], rel=1e-12)
        assert box.logits[0][member] == pytest.approx(logits[0], rel=1e-12)
        np.testing.assert_allclose(box.input_delta, slopes[0] * (box.probability - 1.0), rtol=1e-9, atol=1e-12)
    assert box.churn_probability == estimator.predict(cells)[0]
    assert list(box.features) == list(estimator.encoder.features)


def test_the_networks_of_a_portfolio_blend_into_the_score() -> None:
    fitting = Fitting(mixed_table(600), target="churned", spec=parse_recipe({"preset": "quick"}))
    for _ in fitting.epochs():
        pass
    estimator = fitting.estimator()
    cells = customer(estimator)
    box = open_glass_box(estimator, cells, False, Place(len(getattr(estimator.network, "networks", [1])) - 1, 0))
    blended = sum(w * sum(z) / len(z) for w, z in zip(box.weights, box.logits, strict=True))
    assert estimator.head.scaled(np.array([blended]))[0] == pytest.approx(box.log_odds, rel=1e-12)
    assert box.layers[-1].output[0, 0] == pytest.approx(box.logits[-1][0], rel=1e-12)


def test_a_member_that_is_not_there_is_refused() -> None:
    estimator = fit(mixed_table(), layers=[4], members=2).estimator()
    with pytest.raises(EstimatorError, match="no such member: the members of the networks are 2"):
        open_glass_box(estimator, customer(estimator), True, Place(0, 2))
