"""An estimator exported to ONNX gives the probabilities of the engine, in double precision."""

from typing import Any

import numpy as np
import onnxruntime
import pytest

from ebb.onnx_export import to_onnx
from ebb.onnx_export.layers import LAYERS
from model.calibration import Line
from model.calibration.beta import Beta
from model.calibration.quadratic import Quadratic
from model.columns.cells import Days, Flags, Numbers, Words
from model.estimator import Estimator, Fitting
from model.heads import Churn
from model.layers import CATALOG
from model.spec import parse_recipe
from tests.ebb.mixed_customers import mixed_table

QUICK = {"epochs": 2, "batch_size": 64}
SPECS: dict[str, Any] = {
    "plain": {},
    "members": {"members": 3, "activation": "tanh"},
    "leaky": {"layers": [{"dense": 6}, {"leaky_relu": {"alpha": 0.2}}, {"dense": 4}, {"sigmoid": {}}]},
    "silu": {
        "layers": [{"feature_scale": {}}, {"dense": 6}, {"silu": {}}, {"dropout": {"rate": 0.1}}],
        "numbers": "scaled_and_ranked",
    },
    "batch_norm": {
        "layers": [{"batch_norm": {}}, {"dense": 5}, {"relu": {}}, {"residual": [{"batch_norm": {}}, {"dense": 5}]}]
    },
    "identity": {"layers": [{"dense": 5}, {"residual": [{"identity": {}}]}, {"tanh": {}}]},
    "embedded": {"embedding": {"at_least": 3, "width": 2}, "members": 2, "periodic": {}},
    "quick": "quick",
}


def fitted(spec: Any) -> Estimator:
    recipe = parse_recipe(spec if isinstance(spec, str) else {**QUICK, **spec})
    fitting = Fitting(mixed_table(600), target="churned", spec=recipe)
    for _ in fitting.epochs():
        pass
    return fitting.estimator()


def inputs(estimator: Estimator, table: Any) -> dict[str, np.ndarray]:
    """Return the cells of a table as the inputs of ONNX."""
    found = {}
    for name in estimator.encoder.names:
        cells = table.columns[name]
        if isinstance(cells, Words):
            found[name] = np.array([word or "" for word in cells.scalars()], object)
        else:
            assert isinstance(cells, Numbers | Flags | Days)
            found[name] = cells.values
    return found


def check(estimator: Estimator) -> None:
    session = onnxruntime.InferenceSession(to_onnx(estimator))
    table, _ = estimator.read(mixed_table(300, seed=4).columns, 300)
    p, z = session.run(["churn_probability", "log_odds"], inputs(estimator, table))
    assert p.dtype == np.float64
    np.testing.assert_allclose(p, estimator.predict(table), rtol=1e-12, atol=0)
    np.testing.assert_allclose(z, estimator.log_odds(table), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("name", SPECS)
def test_the_probabilities_are_those_of_the_engine(name: str) -> None:
    check(fitted(SPECS[name]))


def test_every_layer_can_be_exported() -> None:
    assert LAYERS.keys() == set(CATALOG.values())


@pytest.mark.parametrize(
    "calibration",
    [Line(0.7, shift=0.1), Beta(0.5, 1.5, shift=-0.2), Quadratic(0.4, 1.2, -1.0, 0.5, shift=-1.5)],
    ids=lambda each: type(each).__name__,
)
def test_every_calibration_is_exported(calibration: Any) -> None:
    plain = fitted({})
    check(Estimator(**{**vars_of(plain), "head": Churn(calibration=calibration)}))


def vars_of(estimator: Estimator) -> dict[str, Any]:
    return {name: getattr(estimator, name) for name in Estimator.__dataclass_fields__}
