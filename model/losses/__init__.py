"""The losses by name."""

from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.losses.loss import Loss
from model.losses.softmax_cross_entropy import SoftmaxCrossEntropy
from model.losses.squared_error import SquaredError

CATALOG: dict[str, type[Loss]] = {
    "binary_cross_entropy": BinaryCrossEntropy,
    "softmax_cross_entropy": SoftmaxCrossEntropy,
    "squared_error": SquaredError,
}

__all__ = ["CATALOG", "Loss"]
