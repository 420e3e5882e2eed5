"""Changes of a spec: the settings in which a configuration of a sweep differs from the sweep's spec."""

from collections.abc import Mapping
from typing import Any

Changes = Mapping[str, Any]
REPLACED = ("activation", "class_weight")  # objects whose keys are a choice, not settings
FIXED = {
    "members": "a sweep has a member for each of its folds: set folds",
    "validation": "the configurations of a sweep share their folds: set it in spec",
    "seed": "the configurations of a sweep share their folds: set it in spec",
    "loss": "the configurations of a sweep are compared by one loss",
}
"""The settings that are equal in all configurations, with the reason: else their losses could not be compared."""


def changed(spec: Changes, changes: Changes) -> dict[str, Any]:
    """Return the spec with these changes.

    An object is merged key by key; anything else replaces the value in the spec. An object with another `name`, such as
    another optimizer, replaces the object.

    Example:
        >>> spec = {"optimizer": {"name": "adam", "learning_rate": 0.01}, "layers": [8, 4]}
        >>> changed(spec, {"optimizer": {"learning_rate": 0.1}, "layers": [64]})
        {'optimizer': {'name': 'adam', 'learning_rate': 0.1}, 'layers': [64]}
        >>> changed(spec, {"optimizer": {"name": "sgd"}})["optimizer"]
        {'name': 'sgd'}
    """
    merged = dict(spec)
    for key, value in changes.items():
        before = spec.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping) and key not in REPLACED:
            same = value.get("name", before.get("name")) == before.get("name")
            merged[key] = changed(before, value) if same else dict(value)
        else:
            merged[key] = value
    return merged
