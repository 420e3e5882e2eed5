"""The layers by name."""

from model.layers.dense import Dense
from model.layers.identity import Identity
from model.layers.layer import Activation, Backward, Layer, Tensor
from model.layers.leaky_relu import LeakyReLU
from model.layers.relu import ReLU
from model.layers.sigmoid import Sigmoid
from model.layers.tanh import Tanh

CATALOG: dict[str, type[Layer]] = {
    "dense": Dense,
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
}

__all__ = ["CATALOG", "Activation", "Backward", "Dense", "Layer", "Tensor"]
