"""Adam with decoupled weight decay."""

from dataclasses import dataclass
from typing import ClassVar

from model.optimizers.adam import Adam


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay λ outside the gradient: θ ← θ − ηλθ − η m̂ / (√v̂ + ε).

    Source: Loshchilov & Hutter, "Decoupled weight decay regularization", 2019.
    """

    decoupled: ClassVar[bool] = True
