"""The contributions of features to a customer's log-odds against the baseline customer: a path integral.

The path is the straight line from the baseline b to the customer x. Feature i contributes
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
    """Return the contribution of every feature to the log-odds of each row, against the base.

    Contributions sum to z(x) − z(b), up to rounding for piecewise-linear networks and up to about 1e-11 of the size of
    the logits for others. Codes are embedded first: the path then connects embedded numbers.

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
    for single in network.singles:  # the kinks of members are at different places
        total += quadrature_contributions(single, True, base, X)
    return np.asarray(total / network.members)
