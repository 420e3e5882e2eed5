"""A curve of a sum of networks, for `quadrature`: a function of the inputs of all these networks, side by side."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.network.curve import Curve
from model.network.terms import Term


class Joint:
    """g(Σ weight · logit). Its rows are lifted: they hold the inputs of each term, which embeds codes its own way."""

    def __init__(self, terms: Sequence[Term], curve: Curve) -> None:
        self._terms, self._curve = terms, curve
        ends = np.cumsum([term.network.inputs for term in terms]).tolist()
        self._places = [slice(end - term.network.inputs, end) for term, end in zip(terms, ends, strict=True)]

    @property
    def kinked(self) -> bool:
        """Whether a slope jumps somewhere."""
        return bool(self._curve.kinks) or any(term.network.kinked for term in self._terms)

    def lifted(self, X: Floats) -> Floats:
        """Return the inputs of all terms for these rows."""
        return np.hstack([term.lifted(X) for term in self._terms])

    def gathered(self, contributions: Floats, inputs: int) -> Floats:
        """Return the contributions of the features of a row from those of all inputs."""
        total = np.zeros((len(contributions), inputs))
        for term, place in zip(self._terms, self._places, strict=True):
            term.add_gathered(contributions[:, place], total)
        return total

    def logits(self, X: Floats) -> Floats:
        """Return g of lifted rows."""
        return self._curve(self._sum(X))

    def slopes(self, X: Floats) -> tuple[Floats, Floats]:
        """Return g of lifted rows, and its derivatives by their numbers."""
        z, by_input = np.zeros(len(X)), np.empty(X.shape)
        for term, place in zip(self._terms, self._places, strict=True):
            logits, slopes = term.network.slopes(X[:, place])
            z += term.weight * logits
            by_input[:, place] = term.weight * slopes
        return self._curve(z), self._curve.slope_at(z)[:, None] * by_input

    def activation_pattern(self, X: Floats) -> NDArray[np.bool_]:
        """Return on which side of its kink each unit is, and on which side of the curve's kinks the sum is."""
        pairs = zip(self._terms, self._places, strict=True)
        units = [term.network.activation_pattern(X[:, place]) for term, place in pairs if term.network.kinked]
        return np.hstack([*units, self._sum(X)[:, None] > np.array(self._curve.kinks)])

    def _sum(self, X: Floats) -> Floats:
        z = np.zeros(len(X))
        for term, place in zip(self._terms, self._places, strict=True):
            z += term.weight * term.network.logits(X[:, place])
        return z
