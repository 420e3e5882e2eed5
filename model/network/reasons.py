"""The contributions of features to a customer's log-odds against a baseline: a path integral.

The path is the straight line from a base b to the customer x. Feature i contributes
(xᵢ − bᵢ) ∫₀¹ ∂g/∂xᵢ (b + t(x − b)) dt, where g is the logit z or a curve of it, and the contributions sum to
g(x) − g(b). With several bases, contributions are averaged. `piecewise_linear` computes the integral exactly for
networks of affine layers and (leaky) ReLUs; `quadrature` approximates it for others.

Source: Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 (integrated gradients); Erion, Janizek,
Sturmfels, Lundberg, Lee: Improving performance of deep learning models with axiomatic attribution priors and expected
gradients, 2021 (the average over bases).
"""

import numpy as np

from model.design import Floats
from model.network.blend import Blend
from model.network.curve import Curve
from model.network.joint import Joint
from model.network.network import Network
from model.network.piecewise_linear import exact_contributions
from model.network.quadrature import quadrature_contributions
from model.network.terms import terms_of


def contributions(network: Network | Blend, bases: Floats, X: Floats, curve: Curve | None = None) -> Floats:
    """Return the contribution of every feature to g of each row, averaged over the bases; without a curve, g is z.

    Contributions sum to the difference of g(x) and the mean of g(b), up to rounding. Codes are embedded first: the path
    then connects embedded numbers.

    Shapes: bases (m, d); X (n, d); result (n, d).
    """
    terms, total = terms_of(network), np.zeros(X.shape)
    if curve is None:
        for term in terms:
            own = _of_network(term.network, term.lifted(bases), term.lifted(X))
            term.add_gathered(term.weight * own, total)
        return total
    if isinstance(network, Network) and network.embedding is None and network.pieces is not None:
        return exact_contributions(network.pieces, bases, X, curve)
    joint = Joint(terms, curve)
    found = quadrature_contributions(joint, joint.kinked, joint.lifted(bases), joint.lifted(X))
    return joint.gathered(found, X.shape[1])


def _of_network(network: Network, bases: Floats, X: Floats) -> Floats:
    if network.pieces is not None:
        return exact_contributions(network.pieces, bases, X)
    if not network.kinked:
        return quadrature_contributions(network, False, bases, X)
    total = np.zeros(X.shape)
    for single in network.singles:  # the kinks of members are at different places
        total += quadrature_contributions(single, True, bases, X)
    return np.asarray(total / network.members)
