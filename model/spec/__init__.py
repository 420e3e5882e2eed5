"""The training spec: all settings of a training, and their parser."""

from model.spec.parser import MOST_LAYERS, MOST_NETWORKS, parse_spec
from model.spec.spec import ClassWeight, EarlyStopping, Embedded, Reasons, Spec, Validation

__all__ = [
    "MOST_LAYERS",
    "MOST_NETWORKS",
    "ClassWeight",
    "EarlyStopping",
    "Embedded",
    "Reasons",
    "Spec",
    "Validation",
    "parse_spec",
]
