"""The optimizers by name."""

from model.optimizers.adam import Adam
from model.optimizers.adamw import AdamW
from model.optimizers.momentum import Momentum
from model.optimizers.nesterov import Nesterov
from model.optimizers.optimizer import Optimizer
from model.optimizers.rmsprop import RMSprop
from model.optimizers.sgd import SGD

CATALOG: dict[str, type[Optimizer]] = {
    "adam": Adam,
    "adamw": AdamW,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "sgd": SGD,
}

__all__ = ["CATALOG", "Optimizer"]
