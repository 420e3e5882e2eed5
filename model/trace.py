"""Traces one record through one training step, number by number, by the plain equations.

    z⁽ˡ⁾ = a⁽ˡ⁻¹⁾W⁽ˡ⁾ + b⁽ˡ⁾, a⁽ˡ⁾ = σ(z⁽ˡ⁾), ŷ = 1 / (1 + e⁻ᶻ), L = −y ln ŷ − (1 − y) ln(1 − ŷ)
    δ⁽ᴸ⁾ = ŷ − y, δ⁽ˡ⁾ = (δ⁽ˡ⁺¹⁾W⁽ˡ⁺¹⁾ᵀ) ⊙ σ′(z⁽ˡ⁾), ∂L/∂W⁽ˡ⁾ = a⁽ˡ⁻¹⁾ᵀδ⁽ˡ⁾, ∂L/∂b⁽ˡ⁾ = δ⁽ˡ⁾

The update is the first step of the optimizer, with zero moments, at its learning rate, without clipping and decay.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from model.design import Floats
from model.errors import ColumnError, EstimatorError
from model.estimator import Estimator
from model.heads import Churn
from model.layers import Activation, Dense
from model.metrics import log_loss
from model.network.blend import Blend
from model.network.layer_passes import LayerPass, layer_passes
from model.network.network import Network
from model.optimizers import Optimizer
from model.probabilities import sigmoid
from model.spec import parse_spec
from model.tape import Memory, Tape


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """The numbers of one dense layer and its activation, before and after the update.

    Shapes: weight (h_in, h_out) with its gradient and its values after the update; all others (h_out,).
    """

    weight: Floats
    bias: Floats
    z: Floats
    a: Floats
    delta: Floats
    weight_gradient: Floats
    bias_gradient: Floats
    weight_after: Floats
    bias_after: Floats


@dataclass(frozen=True, eq=False)
class Trace:
    """The trace of one record through forward pass, backward pass and update.

    `probability` is that of the member, as in training. `churn_probability` is the score: of all members, calibrated.
    """

    record: Mapping[str, object]
    features: Mapping[str, float]
    label: int
    layers: tuple[LayerTrace, ...]
    probability: float
    loss: float
    input_gradient: Floats
    members: int
    churn_probability: float

    def to_json(self) -> dict[str, Any]:
        """Return all the numbers as JSON."""
        names = ("record", "features", "label", "probability", "loss", "members", "churn_probability")
        return {
            **{name: getattr(self, name) for name in names},
            "layers": [{name: array.tolist() for name, array in asdict(layer).items()} for layer in self.layers],
            "input_gradient": self.input_gradient.tolist(),
        }


def trace(estimator: Estimator, record: Mapping[str, object], label: int, member: int = 0) -> Trace:
    """Compute the forward pass, δ, gradients and update of one record, for one member of the network.

    Raises: ColumnError when the record cannot be scored; EstimatorError when the network has layers that these
    equations do not cover.
    """
    if problems := estimator.check(record):
        raise ColumnError("; ".join(problem.detail for problem in problems))
    network = _plain_network(estimator, member)
    cells, _ = estimator.read({name: [value] for name, value in record.items()}, 1)
    features = estimator.encoder.encode(cells)
    arrays = network.arrays()
    passes, input_gradient = layer_passes(
        network.layers, arrays, features, lambda logits: np.array([sigmoid(logits[0]) - label])
    )
    optimizer = parse_spec(estimator.spec).optimizer
    dense = [i for i, each in enumerate(passes) if isinstance(each.layer, Dense)]
    layers = [
        _layer_trace(passes[i], passes[following - 1].output, arrays[f"{i}.weights"], optimizer)
        for i, following in pairwise([*dense, len(passes)])
    ]
    logits = passes[-1].output[0]
    return Trace(
        record=dict(record),
        features=dict(zip(estimator.encoder.features, features[0].tolist(), strict=True)),
        label=label,
        layers=tuple(layers),
        probability=float(sigmoid(logits)[0]),
        loss=log_loss(np.array([label]), logits),
        input_gradient=input_gradient[0],
        members=estimator.network.members,
        churn_probability=float(estimator.predict(cells)[0]),
    )


def _plain_network(estimator: Estimator, member: int) -> Network:
    """Return one member of the network, if these equations cover it."""
    if not isinstance(estimator.head, Churn):
        raise EstimatorError("trace needs the cross-entropy of churn: train with that loss")
    if isinstance(estimator.network, Blend) or "preset" in estimator.spec:
        raise EstimatorError("trace follows one network, and this is of a preset: train with a spec of layers")
    network = estimator.network.singles[member]
    plain = all(isinstance(layer, Dense | Activation) for layer in network.layers)
    if not plain or not isinstance(network.layers[0], Dense):
        raise EstimatorError("trace needs plain dense layers, each with any activation or none: train such a network")
    return network


def _layer_trace(dense: LayerPass, a: Floats, weights: Floats, optimizer: Optimizer) -> LayerTrace:
    gradient = dense.gradients["weights"]
    after = first_step(optimizer, weights, gradient)
    return LayerTrace(
        weight=weights[:-1],
        bias=weights[-1],
        z=dense.output[0],
        a=a[0],
        delta=dense.delta[0],
        weight_gradient=gradient[:-1],
        bias_gradient=gradient[-1],
        weight_after=after[:-1],
        bias_after=after[-1],
    )


def first_step(optimizer: Optimizer, values: Floats, gradient: Floats) -> Floats:
    """Return the values after one update with zero moments."""
    gradients = np.stack([gradient.ravel(), np.zeros(gradient.size)])
    moments = np.zeros((optimizer.moments, gradient.size))
    numbers = optimizer.coefficients(np.array([optimizer.learning_rate]), np.array([1.0]))
    tape = Tape(Memory(np.float64))
    update = optimizer.record(tape, gradients, moments, [np.array(column[0]) for column in numbers])
    for call in tape.calls:
        call()
    return np.asarray(values - update.reshape(values.shape))


def trace_lines(trace: Trace) -> Iterator[str]:
    """Yield the trace as lines of text."""
    if trace.members > 1:
        yield f"member 1 of {trace.members}, whose logits are averaged for a score"
    yield "record   " + "  ".join(f"{name}={value}" for name, value in trace.record.items())
    yield "features " + "  ".join(f"{name}={value:.6f}" for name, value in trace.features.items())
    yield ""
    yield "forward: z = aW + b, a = σ(z)"
    for number, layer in enumerate(trace.layers, start=1):
        yield from _rows(f"W{number}", layer.weight)
        for name, values in (("b", layer.bias), ("z", layer.z), ("a", layer.a)):
            yield from _rows(f"{name}{number}", values)
    yield f"ŷ = 1/(1 + e^−z) = {trace.probability:.6f}   y = {trace.label}"
    yield f"L = −y ln ŷ − (1 − y) ln(1 − ŷ) = {trace.loss:.6f} nats"
    yield f"churn probability as scored, of all members and calibrated: {trace.churn_probability:.6f}"
    yield ""
    yield "backward: δ = ŷ − y at the end, then δ = (δ Wᵀ) ⊙ σ′(z); ∂L/∂W = aᵀδ, ∂L/∂b = δ"
    for number, layer in reversed(list(enumerate(trace.layers, start=1))):
        for name, values in (("δ", layer.delta), ("∂L/∂W", layer.weight_gradient), ("∂L/∂b", layer.bias_gradient)):
            yield from _rows(f"{name}{number}", values)
    yield from _rows("∂L/∂x", trace.input_gradient)
    yield ""
    yield "update: the optimizer's first step"
    for number, layer in enumerate(trace.layers, start=1):
        for name, values in (("W", layer.weight_after), ("b", layer.bias_after)):
            yield from _rows(f"{name}{number}", values)


def _rows(name: str, values: Floats) -> Iterator[str]:
    for number, row in enumerate(np.atleast_2d(values)):
        yield f"{name if number == 0 else '':<8}" + " ".join(f"{value + 0.0:>10.6f}" for value in row)
