"""Why a customer's log-odds differ from the baseline customer's: the path integral, feature by feature.

Walk straight from the baseline b to the customer x. Feature i contributes (xᵢ − bᵢ) ∫₀¹ ∂z/∂xᵢ (b + t(x − b)) dt, and
the contributions sum to z(x) − z(b). For networks of affine layers and (leaky) ReLUs `straight` has the integral
exactly, without sampling; for others `curved` refines a quadrature.

Source: Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, 2017 (integrated gradients).
"""

import numpy as np

from model.design import Floats
from model.network.curved import curved_contributions
from model.network.network import Network
from model.network.straight import exact_contributions


def contributions(network: Network, base: Floats, X: Floats) -> Floats:
    """Return what every feature adds to the log-odds of a row, against the base.

    They sum to z(x) − z(b): within rounding for piecewise-linear networks, within 1e-11 or so of the logits' size for
    curved ones. Codes are looked up first, so that the way from base to row leads through the numbers that stand for
    them.

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
    if not network.bent:
        return curved_contributions(network, False, base, X)
    total = np.zeros(X.shape)
    for single in network.singles:  # their bends are at different places
        total += curved_contributions(single, True, base, X)
    return np.asarray(total / network.members)
