"""The optimizers by name."""

from model.optimizers.adam import Adam
from model.optimizers.adamw import AdamW
from model.optimizers.momentum import Momentum
from model.optimizers.optimizer import Optimizer
from model.optimizers.sgd import SGD

CATALOG: dict[str, type[Optimizer]] = {
    "adam": Adam,
    "adamw": AdamW,
    "momentum": Momentum,
    "sgd": SGD,
}

__all__ = ["CATALOG", "Optimizer"]
