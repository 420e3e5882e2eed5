"""A trained network: layer configurations and float64 parameters, immutable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from model.design import Floats


class Network:
    """Layers and their parameters, frozen."""

    layers_json: Any

    @classmethod
    def from_arrays(cls, layers_json: Any, arrays: Mapping[str, NDArray[Any]]) -> Network:
        """Put a network together again from what `layers_json` and `arrays()` gave."""
        raise NotImplementedError

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the parameters by name."""
        raise NotImplementedError

    def logits(self, X: Floats) -> Floats:
        """Return the last z of every row."""
        raise NotImplementedError

    def input_gradient(self, X: Floats) -> Floats:
        """Return ∂z/∂x of every row."""
        raise NotImplementedError
