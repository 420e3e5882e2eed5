"""The initializers by name."""

from model.initializers.glorot import Glorot
from model.initializers.he import He
from model.initializers.initializer import Initializer
from model.initializers.lecun import LeCun
from model.initializers.zeros import Zeros

CATALOG: dict[str, type[Initializer]] = {
    "glorot": Glorot,
    "he": He,
    "lecun": LeCun,
    "zeros": Zeros,
}

__all__ = ["CATALOG", "Initializer"]
