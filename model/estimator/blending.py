"""Blending: the predictions of several ensembles for the rows of their training, and the weights of their sum."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from model.design import Floats, Integers
from model.logistic import fit_logistic
from model.metrics import log_loss
from model.network.blend import Blend
from model.network.network import Network


@dataclass(frozen=True, eq=False)
class Predictions:
    """The logits of networks for all rows of a training.

    `means` are those of each network, `own` those of its members that did not train on a row. `moments` has the sums of
    products of the members' logits, averaged over the members.

    Shapes: means and own (s, n), or (s, n, c) with c > 1 logits; moments (s, s).
    """

    means: Floats
    own: Floats
    moments: Floats

    @classmethod
    def of(
        cls,
        networks: Sequence[Network],
        encoded: Callable[[NDArray[np.int64]], Floats],
        chunks: Iterable[NDArray[np.int64]],
        folds: Integers | None,
    ) -> "Predictions":
        """Return the predictions of networks of equal members; `encoded` returns the design matrix of some rows."""
        means, own = [], []
        moments = np.zeros((len(networks), len(networks)))
        for rows in chunks:
            X = encoded(rows)
            if folds is None:
                means.append(np.stack([network.logits(X) for network in networks]))
                continue
            every = np.stack([network.member_logits(X) for network in networks])
            means.append(every.mean(axis=1))
            own.append(every[:, folds[rows], np.arange(len(rows))])
            if every.ndim == 3:
                moments += np.einsum("smn,tmn->st", every, every) / every.shape[1]
        logits = np.concatenate(means, axis=1)
        return cls(logits, np.concatenate(own, axis=1) if own else logits, moments)

    def blended(self, weights: Sequence[float]) -> tuple[Floats, Floats, float]:
        """Return the weighted sums of means and own, and the sum of squares of a member around its mean."""
        w = np.array(weights)
        means, own = (np.tensordot(w, logits, 1) for logits in (self.means, self.own))
        return means, own, float(w @ self.moments @ w - len(means) * float(means.mean()) ** 2)


def blend_of(y: Floats, networks: Sequence[Network], logits: Floats) -> tuple[Network | Blend, tuple[float, ...]]:
    """Return the blend of the networks that held-out rows give a weight, and the weight of every network.

    Shapes: y (n,) of 0 and 1; logits (s, n), of the held-out rows.
    """
    if len(networks) == 1:
        return networks[0], (1.0,)
    weights = blend_weights(y, logits)
    used = [(network, weight) for network, weight in zip(networks, weights, strict=True) if weight > 0.0]
    if len(used) == 1:
        return used[0][0], weights
    return Blend(tuple(network for network, _ in used), tuple(weight for _, weight in used)), weights


def blend_weights(y: Floats, logits: Floats) -> tuple[float, ...]:
    """Return weights of at least 0, with sum 1, that make held-out rows most likely by a scaled and shifted sum.

    Of all subsets of the networks it takes the most likely one whose weights are all above 0.

    Shapes: y (n,) of 0 and 1; logits (s, n); result (s,).
    Source: Breiman, "Stacked regressions", 1996.
    """
    count = len(logits)
    best, weights = np.inf, np.full(count, 1 / count)
    for size in range(1, count + 1):
        for chosen in combinations(range(count), size):
            Z = logits[list(chosen)].T
            slopes, shift = fit_logistic(Z, y)
            if (slopes > 0.0).all() and (loss := log_loss(y, Z @ slopes + shift)) < best:
                best, weights = loss, np.zeros(count)
                weights[list(chosen)] = slopes / slopes.sum()
    return tuple(weights.tolist())
