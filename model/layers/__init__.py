"""The layers by name."""

from model.layers.activation import Activation
from model.layers.batch_norm import BatchNorm
from model.layers.dense import Dense
from model.layers.dropout import Dropout
from model.layers.embedding import Embedding
from model.layers.feature_scale import FeatureScale
from model.layers.identity import Identity
from model.layers.layer import Backward, Layer, Tensor
from model.layers.leaky_relu import LeakyReLU
from model.layers.periodic import Periodic
from model.layers.relu import ReLU
from model.layers.residual import Residual
from model.layers.sigmoid import Sigmoid
from model.layers.silu import SiLU
from model.layers.tanh import Tanh

CATALOG: dict[str, type[Layer]] = {
    "batch_norm": BatchNorm,
    "dense": Dense,
    "dropout": Dropout,
    "embedding": Embedding,
    "feature_scale": FeatureScale,
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "periodic": Periodic,
    "relu": ReLU,
    "residual": Residual,
    "sigmoid": Sigmoid,
    "silu": SiLU,
    "tanh": Tanh,
}

__all__ = ["CATALOG", "Activation", "Backward", "Dense", "Layer", "Tensor"]
