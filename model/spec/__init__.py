"""The training spec: all settings of a training, and their parser."""

from model.spec.parser import MOST_LAYERS, MOST_NETWORKS, parse_spec
from model.spec.portfolio import Portfolio
from model.spec.portfolio_parser import parse_recipe
from model.spec.spec import ClassWeight, EarlyStopping, Embedded, Reasons, Spec, Validation

__all__ = [
    "MOST_LAYERS",
    "MOST_NETWORKS",
    "ClassWeight",
    "EarlyStopping",
    "Embedded",
    "Portfolio",
    "Reasons",
    "Spec",
    "Validation",
    "parse_recipe",
    "parse_spec",
]
