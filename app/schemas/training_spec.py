"""JSON Schemas of the training spec, made from the configuration classes and catalogs that its parser reads."""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from model import initializers, losses, optimizers, schedules
from model.columns.options import ColumnOptions
from model.layers import CATALOG as LAYERS
from model.layers import Layer
from model.layers.periodic import Periodic
from model.parsing import required, value_types
from model.ranges import BelowOne, Range, Width
from model.spec import MOST_LAYERS, PRESETS, Portfolio, Spec
from model.spec.portfolio import SHARED
from model.spec.portfolio_parser import MOST_STAGES
from model.spec.spec import Reasons

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
NAMES: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
TRAINING_SPEC: Schema = {"$ref": "#/components/schemas/TrainingSpec"}
PORTFOLIO: Schema = {"$ref": "#/components/schemas/PortfolioSpec"}
LAYER: Schema = {"$ref": "#/components/schemas/LayerSpec"}
PRESET: Schema = {"type": "string", "enum": list(PRESETS)}
RECIPE: Schema = {"anyOf": [TRAINING_SPEC, PORTFOLIO, PRESET, NULL]}
"""What a training request may give as its spec."""


def spec_components() -> dict[str, Schema]:
    """Return the schemas of the spec by name. They say the form; the parser also finds conflicts between settings."""
    properties = {name: _of_type(kind) for name, kind in value_types(Spec).items() if name not in _special()}
    spec = {**properties, **_special(), "label_smoothing": _of_type(BelowOne)}
    shared = {name: spec[name] for name in ("validation", *SHARED)}
    stages = {"type": "array", "items": TRAINING_SPEC, "maxItems": MOST_STAGES}
    budget = _of_type(value_types(Portfolio)["budget_s"])
    return {
        "TrainingSpec": _object(spec, "How to train: every key is optional, and docs/spec.md describes each."),
        "PortfolioSpec": _object(
            {"preset": PRESET, "budget_s": budget, **shared, "stages": stages},
            "A preset, which plans the specs by itself, and the settings that all of them share.",
            ["preset"],
        ),
        "LayerSpec": _object(
            {name: _layer(kind) for name, kind in LAYERS.items()},
            "A layer: an object with one key, the layer's name, and its settings.",
        )
        | {"minProperties": 1, "maxProperties": 1},
    }


def _special() -> dict[str, Schema]:
    """Return the schemas of the keys that have a parser of their own."""
    activations = {name: kind for name, kind in LAYERS.items() if kind.is_activation}
    baseline = {"anyOf": [{"enum": ["average", "stayer"]}, {"type": "object", "additionalProperties": SCALAR}]}
    reasons = {"baseline": baseline, "background": _of_type(value_types(Reasons)["background"])}
    weights = {"type": "object", "additionalProperties": {"type": "number", "exclusiveMinimum": 0}}
    return {
        "layers": {"type": "array", "maxItems": MOST_LAYERS, "items": {"anyOf": [_of_type(Width), LAYER]}},
        "activation": {"anyOf": [{"type": "string", "enum": list(activations)}, LAYER]},
        "loss": {"type": "string", "enum": list(losses.CATALOG)},
        "initializer": {"type": "string", "enum": ["auto", *initializers.CATALOG]},
        "optimizer": _named(optimizers.CATALOG),
        "schedule": _named(schedules.CATALOG),
        "class_weight": {"anyOf": [{"enum": ["balanced"]}, weights, NULL]},
        "periodic": {"anyOf": [_settings(Periodic, without=("positions",)), NULL]},
        "columns": {"type": "object", "additionalProperties": _settings(ColumnOptions)},
        "reasons": _object(reasons),
    }


def _object(properties: Mapping[str, Schema], description: str = "", needed: list[str] | None = None) -> Schema:
    schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if needed:
        schema["required"] = needed
    return schema | ({"description": description} if description else {})


def _settings(kind: Any, without: tuple[str, ...] = ()) -> Schema:
    """Return the schema of a configuration dataclass."""
    types = {name: _of_type(annotation) for name, annotation in value_types(kind).items() if name not in without}
    return _object(types, needed=required(kind))


def _named(catalog: Mapping[str, type]) -> Schema:
    """Return the schema of an object with a `name` of the catalog; its settings are those of any entry."""
    settings = {name: _of_type(kind) for item in catalog.values() for name, kind in value_types(item).items()}
    return _object({"name": {"type": "string", "enum": list(catalog)}, **settings})


def _layer(kind: type[Layer]) -> Schema:
    """Return the schema of a layer's settings; the main one may stand alone."""
    types, main = value_types(kind), kind.main_setting()
    if any(get_args(annotation)[:1] == (Layer,) for annotation in types.values()):
        return {"type": "array", "items": LAYER, "minItems": 1}
    return _settings(kind) if main is None else {"anyOf": [_settings(kind), _of_type(types[main])]}


def _of_type(annotation: Any) -> Schema:
    """Return the schema of an annotation of a configuration field.

    Example:
        >>> _of_type(Width)
        {'type': 'integer', 'minimum': 1, 'maximum': 65536}
        >>> _of_type(BelowOne | None)
        {'anyOf': [{'type': 'number', 'minimum': 0, 'exclusiveMaximum': 1}, {'type': 'null'}]}
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return {"anyOf": [_of_type(part) for part in arguments]}
    if annotation is NoneType:
        return NULL
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _of_type(arguments[0])}
    if origin is Annotated:
        return _of_type(arguments[0]) | _bounds(arguments[1])
    return {"type": NAMES[annotation]} if annotation in NAMES else _settings(annotation)


def _bounds(interval: Range) -> Schema:
    low, high = interval.low, interval.high
    return {
        **({} if low == float("-inf") else {"exclusiveMinimum" if interval.low_open else "minimum": low}),
        **({} if high == float("inf") else {"exclusiveMaximum" if interval.high_open else "maximum": high}),
    }
