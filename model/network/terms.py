"""The terms of a logit: weighted networks of real inputs, after codes are embedded."""

from dataclasses import dataclass

from model.design import Floats
from model.layers.embedding import Embedding
from model.layers.layer import Arrays
from model.network.blend import Blend
from model.network.network import Network


@dataclass(frozen=True, eq=False)
class Term:
    """A network that adds weight · logit. An embedding, if any, comes before it and has the arrays `own`."""

    weight: float
    network: Network
    embedding: Embedding | None
    own: Arrays

    def lifted(self, X: Floats) -> Floats:
        """Return the inputs of the network for these rows: codes are replaced by embedded numbers."""
        return X if self.embedding is None else self.embedding.reference(self.own, X, None)[0]

    def add_gathered(self, contributions: Floats, total: Floats) -> None:
        """Add the contributions of the network's inputs to those of the features."""
        if self.embedding is not None:
            contributions = self.embedding.gathered(contributions, total.shape[1])
        total += contributions


def terms_of(network: Network | Blend) -> list[Term]:
    """Return the terms of a logit: one for each network of a blend, or with an embedding one for each member."""
    if isinstance(network, Blend):
        pairs = zip(network.weights, network.networks, strict=True)
        return [term for weight, each in pairs if weight for term in _terms(each, weight)]
    return _terms(network, 1.0)


def _terms(network: Network, weight: float) -> list[Term]:
    if network.embedding is None:
        return [Term(weight, network, None, {})]
    share = weight / network.members
    return [Term(share, after, network.embedding, own) for own, after in network.after_embedding]
