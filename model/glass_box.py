"""The glass box: one customer in a network, with the output and δ of every layer.

δ = ∂L/∂output, where L is the cross-entropy of the network's own logit with the customer's outcome, without label
smoothing and class weights. At the logit it is ŷ − y.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from model.columns import Table
from model.design import Floats
from model.errors import EstimatorError
from model.estimator import Estimator
from model.heads import Churn
from model.layers.layer import Arrays
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.network.blend import Blend
from model.network.layer_passes import LayerPass, layer_passes
from model.network.network import Network
from model.probabilities import sigmoid


@dataclass(frozen=True)
class Place:
    """A network of a blend, by its number from 0, and one of its members."""

    network: int = 0
    member: int = 0


@dataclass(frozen=True, eq=False)
class GlassBox:
    """One customer in one member of one network, and how the logits of all become the churn probability.

    `arrays` are the parameters of that member, `logits` those of the members of each network. `probability` and `loss`
    are of the chosen member.

    Shapes: the outputs and δ of the layers are (1, h_out); input_delta (d,).
    """

    features: Mapping[str, float]
    input_delta: Floats
    layers: tuple[LayerPass, ...]
    arrays: Arrays
    probability: float
    loss: float
    weights: tuple[float, ...]
    logits: tuple[tuple[float, ...], ...]
    log_odds: float
    churn_probability: float


def open_glass_box(estimator: Estimator, cells: Table, churned: bool, place: Place | None = None) -> GlassBox:
    """Return one customer, given as a table of one row, in the network and member at `place`, by default the first.

    Raises: EstimatorError when the target is not churn, or when there is no such network or member.
    """
    if not isinstance(estimator.head, Churn):
        raise EstimatorError("the glass box shows networks that predict churn, and the target of this one is another")
    place, networks, weights = place or Place(), *_parts(estimator.network)
    chosen = _chosen(networks, place)
    X, y = estimator.encoder.encode(cells), np.array([float(churned)])
    loss = BinaryCrossEntropy()
    passes, input_delta = layer_passes(chosen.layers, chosen.arrays(), X, lambda z: loss.reference(z, y)[1])
    logits = passes[-1].output
    return GlassBox(
        features=dict(zip(estimator.encoder.features, X[0].tolist(), strict=True)),
        input_delta=input_delta[0],
        layers=tuple(passes),
        arrays=chosen.arrays(),
        probability=float(sigmoid(logits[0])[0]),
        loss=float(loss.reference(logits, y)[0][0]),
        weights=weights,
        logits=tuple(tuple(network.member_logits(X)[:, 0].tolist()) for network in networks),
        log_odds=float(estimator.log_odds(cells)[0]),
        churn_probability=float(estimator.predict(cells)[0]),
    )


def _parts(network: Network | Blend) -> tuple[tuple[Network, ...], tuple[float, ...]]:
    if isinstance(network, Blend):
        return network.networks, network.weights
    return (network,), (1.0,)


def _chosen(networks: tuple[Network, ...], place: Place) -> Network:
    if place.network >= len(networks) or place.member >= networks[place.network].members:
        counts = ", ".join(f"{network.members:,}" for network in networks)
        raise EstimatorError(f"there is no such member: the members of the networks are {counts}; choose one of them")
    return networks[place.network].singles[place.member]
