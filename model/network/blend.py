"""A blend: the weighted sum of the logits of several trained networks over the same features."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.errors import ShapeError
from model.network.network import Network


@dataclass(frozen=True)
class Blend:
    """z = Σ weight · z of a network. All networks have one logit, the same inputs and the same number of members.

    Member m of a blend is the weighted sum of the m-th members: with folds, the one that holds fold m out.
    """

    networks: tuple[Network, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        forms = {(network.inputs, network.members, network.outputs) for network in self.networks}
        if not all(isinstance(weight, float) and math.isfinite(weight) for weight in self.weights):
            raise ShapeError("the weights of a blend must be finite numbers")
        if len(forms) != 1 or len(self.networks) != len(self.weights) or self.networks[0].outputs != 1:
            raise ShapeError("a blend needs networks of one logit with equal inputs and members, and a weight for each")

    @property
    def members(self) -> int:
        """The number of members of each network."""
        return self.networks[0].members

    @property
    def inputs(self) -> int:
        """The number of features of a row."""
        return self.networks[0].inputs

    @property
    def outputs(self) -> int:
        """The number of logits of a row: one."""
        return 1

    @cached_property
    def layers_json(self) -> dict[str, Any]:
        """The layers and the weight of each network, as JSON values."""
        networks = [network.layers_json for network in self.networks]
        return {"blend": networks, "weights": list(self.weights)}

    def arrays(self) -> dict[str, Floats]:
        """Return the arrays of all networks; names begin with the number of the network."""
        return {f"{i}.{name}": a for i, network in enumerate(self.networks) for name, a in network.arrays().items()}

    def logits(self, X: Floats) -> Floats:
        """Return the weighted sum of the networks' logits, (n, d) to (n,). A row's bits do not depend on the others."""
        return self._sum([network.logits(X) for network in self.networks])

    def member_logits(self, X: Floats) -> Floats:
        """Return the logits of each member, (n, d) to (K, n)."""
        return self._sum([network.member_logits(X) for network in self.networks])

    def _sum(self, logits: Sequence[Floats]) -> Floats:
        total = np.zeros(logits[0].shape)
        for weight, z in zip(self.weights, logits, strict=True):
            total += weight * z
        return total


def read_network(layers: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Network | Blend:
    """Return the network or blend of this `layers_json` and these `arrays()`.

    Raises: SpecError or ShapeError when they do not describe one.
    """
    if "blend" not in layers:
        return Network.from_arrays(layers, arrays)
    networks = []
    for i, each in enumerate(layers["blend"]):
        own = {name.removeprefix(f"{i}."): array for name, array in arrays.items() if name.startswith(f"{i}.")}
        networks.append(Network.from_arrays(each, own))
    return Blend(tuple(networks), tuple(layers["weights"]))
