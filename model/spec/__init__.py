"""The training spec: everything a training may be told, and how it is read from JSON."""

from model.spec.parser import MOST_LAYERS, MOST_NETWORKS, parse_spec
from model.spec.spec import ClassWeight, EarlyStopping, Embedded, Spec, Validation

__all__ = [
    "MOST_LAYERS",
    "MOST_NETWORKS",
    "ClassWeight",
    "EarlyStopping",
    "Embedded",
    "Spec",
    "Validation",
    "parse_spec",
]
