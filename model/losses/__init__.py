"""The losses by name."""

from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.losses.loss import Loss

CATALOG: dict[str, type[Loss]] = {
    "binary_cross_entropy": BinaryCrossEntropy,
}

__all__ = ["CATALOG", "Loss"]
