"""Adam with decoupled weight decay."""

from dataclasses import dataclass
from typing import ClassVar

from model.optimizers.adam import Adam


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, but weight decay λ acts apart from the gradient: θ ← θ − ηλθ − η m̂ / (√v̂ + ε).

    Source: Loshchilov & Hutter, "Decoupled weight decay regularization", 2019.
    """

    decoupled: ClassVar[bool] = True
