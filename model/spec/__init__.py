"""The training spec: all settings of a training, and their parser."""

from typing import TypeAlias

from model.spec.parser import MOST_LAYERS, MOST_NETWORKS, parse_spec
from model.spec.portfolio import PRESETS, Portfolio, Preset, default_recipe
from model.spec.portfolio_parser import parse_recipe
from model.spec.spec import ClassWeight, EarlyStopping, Embedded, Reasons, Spec, Validation

Recipe: TypeAlias = Spec | Portfolio
"""What a training is asked to do."""

__all__ = [
    "MOST_LAYERS",
    "MOST_NETWORKS",
    "PRESETS",
    "ClassWeight",
    "EarlyStopping",
    "Embedded",
    "Portfolio",
    "Preset",
    "Reasons",
    "Recipe",
    "Spec",
    "Validation",
    "default_recipe",
    "parse_recipe",
    "parse_spec",
]
