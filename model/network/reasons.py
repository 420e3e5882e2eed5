"""Why a customer's log-odds differ from the baseline customer's: the path integral, feature by feature.

The path goes straight from the baseline b to the customer x. Feature i contributes
(xᵢ − bᵢ) ∫₀¹ ∂z/∂xᵢ (b + t(x − b)) dt, and the contributions sum to z(x) − z(b). `piecewise_linear` computes the
integral exactly for networks of affine layers and (leaky) ReLUs; `quadrature` approximates it for others.

Source: Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 (integrated gradients).
"""

import numpy as np

from model.design import Floats
from model.network.network import Network
from model.network.piecewise_linear import exact_contributions
from model.network.quadrature import quadrature_contributions


def contributions(network: Network, base: Floats, X: Floats) -> Floats:
    """Return the contribution of every feature to a row's log-odds, against the base.

    They sum to z(x) − z(b): within rounding for piecewise-linear networks, within about 1e-11 of the logits' size for
    others. Codes are embedded first; the path from base to row then leads through the embedded numbers.

    Shapes: base (d,); X (n, d); result (n, d).
    """
    if (embedding := network.embedding) is not None:
        total = np.zeros(X.shape)
        for own, after in network.after_embedding:
            start, stop = (embedding.reference(own, rows, None)[0] for rows in (base[None], X))
            total += embedding.gathered(contributions(after, start[0], stop), X.shape[1])
        return np.asarray(total / network.members)
    if network.pieces is not None:
        return exact_contributions(network.pieces, base, X)
    if not network.kinked:
        return quadrature_contributions(network, False, base, X)
    total = np.zeros(X.shape)
    for single in network.singles:  # their kinks are at different places
        total += quadrature_contributions(single, True, base, X)
    return np.asarray(total / network.members)
