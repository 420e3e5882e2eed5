"""Exports an estimator of churn to ONNX as a whole: encoder, network and calibration."""

from ebb.onnx_export.columns import add_encoder
from ebb.onnx_export.graph import Graph
from ebb.onnx_export.layers import add_network
from model.calibration import Calibration, Line
from model.calibration.beta import Beta
from model.calibration.quadratic import Quadratic
from model.errors import EstimatorError
from model.estimator import Estimator
from model.heads import Churn


def to_onnx(estimator: Estimator) -> bytes:
    """Return the estimator as an ONNX model: an input a column, the outputs `churn_probability` and `log_odds`.

    Inputs are double, NaN for a missing value: numbers; true and false as 1 and 0; dates as days since 1970-01-01 UTC.
    Texts are strings, "" for a missing value. The range of numbers is not checked, and blanks around texts count.

    Raises: EstimatorError when the target is not who churned, or ONNX cannot express a part.
    """
    if not isinstance(estimator.head, Churn):
        raise EstimatorError(f"the target {estimator.target!r} is not who churned: only churn is exported to ONNX")
    graph = Graph()
    z = add_network(graph, estimator.network, add_encoder(graph, estimator.encoder))
    log_odds = _calibrated(graph, estimator.head.calibration, z)
    graph.output("churn_probability", graph("Sigmoid", log_odds))
    graph.output("log_odds", log_odds)
    facts = {"weights_sha256": estimator.weights_sha256, "target": estimator.target}
    data: bytes = graph.model("ebb", facts).SerializeToString(deterministic=True)
    return data


def _calibrated(graph: Graph, calibration: Calibration, z: str) -> str:
    """Return g(z)."""
    if isinstance(calibration, Line):
        return graph("Add", graph("Mul", z, calibration.slope), calibration.shift)
    if isinstance(calibration, Beta):
        bases = [graph("Neg", _softplus(graph, graph("Neg", z))), _softplus(graph, z)]
    elif isinstance(calibration, Quadratic):
        bases = _quadratic(graph, calibration, z)
    else:
        raise EstimatorError(f"the calibration {type(calibration).__name__} cannot be exported to ONNX")
    low, high = (graph("Mul", basis, slope) for basis, slope in zip(bases, calibration.slopes, strict=True))
    return graph("Add", graph("Add", low, high), calibration.shift)


def _softplus(graph: Graph, z: str) -> str:
    """Return ln(1 + eᶻ) as max(z, 0) + ln(1 + e^−|z|), which does not overflow."""
    rest = graph("Log", graph("Add", graph("Exp", graph("Neg", graph("Abs", z))), 1.0))
    return graph("Add", graph("Max", z, 0.0), rest)


def _quadratic(graph: Graph, calibration: Quadratic, z: str) -> list[str]:
    """Return the bases of the quadratic, as in `Quadratic.basis`."""
    width = calibration.stop - calibration.start
    below, above = graph("Sub", z, calibration.start), graph("Sub", z, calibration.stop)
    t = graph("Min", graph("Max", graph("Div", below, width), 0.0), 1.0)
    rising = graph("Mul", graph("Mul", t, t), width / 2)
    falling = graph("Sub", graph("Mul", t, width), rising)
    return [graph("Add", falling, graph("Min", below, 0.0)), graph("Add", rising, graph("Max", above, 0.0))]
