"""Parses a spec from JSON values: a reader for each key, then the conflicts between keys."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from model import initializers, losses, optimizers, schedules
from model.columns.options import ColumnOptions
from model.errors import Problem, SpecError
from model.layers import CATALOG as LAYERS
from model.layers import Layer
from model.layers.feature_scale import FeatureScale
from model.layers.notation import read_layer
from model.layers.periodic import Periodic
from model.limits import COLUMNS, NAME_CHARACTERS
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.parsing import Reader, escape, shown, value_types
from model.ranges import BelowOne, Positive, Width
from model.spec.reading_reasons import check_words, read_reasons
from model.spec.spec import ClassWeight, EarlyStopping, Embedded, Spec, Validation

MOST_LAYERS = 256
MOST_NETWORKS = 1024  # members times restarts


def parse_spec(raw: Mapping[str, object]) -> Spec:
    """Read a spec from JSON values.

    Raises: SpecError with every problem found, each with a JSON pointer.

    Example:
        >>> parse_spec({"layers": [16], "optimizer": {"name": "sgd"}}).optimizer
        SGD(learning_rate=0.01)
    """
    reader = Reader()
    values: dict[str, object] = {}
    mapping = reader.mapping(raw, "")
    if mapping is not None:
        reader.unknown(mapping, (*value_types(Spec), "label_smoothing"), "")
        values = read_settings(reader, mapping)
        if "label_smoothing" in mapping:
            smoothing = reader.value(BelowOne, mapping["label_smoothing"], "/label_smoothing")
            values["loss"] = smoothed(reader, values.get("loss", BinaryCrossEntropy()), smoothing)
    if reader.problems:
        raise SpecError(reader.problems)
    spec = Spec(**values)  # type: ignore[arg-type]  # the reader checked each against its field
    if problems := conflicts(spec):
        raise SpecError(problems)
    return spec


def read_settings(reader: Reader, mapping: Mapping[str, object]) -> dict[str, object]:
    """Return the settings of a spec that the mapping has."""
    values, types = {}, value_types(Spec)
    for key in types:
        if key in mapping:
            read = SPECIAL.get(key, partial(_read_value, types[key]))
            values[key] = read(reader, mapping[key], f"/{key}")
    return values


def _read_value(kind: Any, reader: Reader, raw: object, pointer: str) -> object:
    return reader.value(kind, raw, pointer)


def conflicts(spec: Spec) -> list[Problem]:
    """Return the conflicts between settings of a spec."""
    found: list[Problem] = []
    if spec.members * spec.restarts > MOST_NETWORKS:
        detail = f"members times restarts must be at most {MOST_NETWORKS:,}: lower one of them"
        found.append(Problem("/restarts", "range", detail))
    if spec.embedding is not None and spec.reads_codes:
        detail = "must be null when the first layer is an embedding: leave one of them out"
        found.append(Problem("/embedding", "conflict", detail))
    if spec.validation.folds and spec.members == 1:
        detail = "needs members, each of which holds out one fold: set members to about 5"
        found.append(Problem("/validation/folds", "conflict", detail))
    if spec.validation.folds and spec.validation.time is not None:
        detail = "holds out every row, and time holds out only the latest rows: leave one of them out"
        found.append(Problem("/validation/folds", "conflict", detail))
    if spec.validation.time is not None and spec.validation.group is not None:
        found.append(Problem("/validation/group", "conflict", "conflicts with time: leave one of the two out"))
    if spec.reasons.baseline == "stayer" and not isinstance(spec.loss, BinaryCrossEntropy):
        detail = 'needs a target that says who stayed: use "average" or a record for this loss'
        found.append(Problem("/reasons/baseline", "conflict", detail))
    explicit = [each for layer in spec.layers if isinstance(layer, Layer) for each in layer.within]
    if spec.batch_size == 1 and (spec.batch_norm or any(each.needs_batch for each in explicit)):
        detail = "must be 2 or more with batch norm, which needs the mean and variance of a batch"
        found.append(Problem("/batch_size", "conflict", detail))
    return found


def read_layers(reader: Reader, raw: object, pointer: str) -> tuple[int | Layer | None, ...]:
    """Read a list of layers and numbers; a number is a dense layer with the spec's activation and dropout."""
    if not isinstance(raw, list | tuple):
        reader.refuse(pointer, "type", f"must be a list of numbers and layers, not {shown(raw)}")
        return ()
    if len(raw) > MOST_LAYERS:
        reader.refuse(pointer, "range", f"must be at most {MOST_LAYERS} layers, not {len(raw):,}")
        return ()
    layers = tuple(
        reader.value(Width, entry, f"{pointer}/{i}")
        if isinstance(entry, int | float)
        else read_layer(reader, entry, f"{pointer}/{i}")
        for i, entry in enumerate(raw)
    )
    if (inside := sum(len(layer.within) for layer in layers if isinstance(layer, Layer))) > MOST_LAYERS:
        reader.refuse(
            pointer, "range", f"must be at most {MOST_LAYERS} layers, not {inside:,} with those inside others"
        )
    return layers


def read_activation(reader: Reader, raw: object, pointer: str) -> Layer | None:
    """Read an activation: its name, or an object with its settings."""
    known = {name: layer_type for name, layer_type in LAYERS.items() if layer_type.is_activation}
    name = next(iter(raw)) if isinstance(raw, Mapping) and len(raw) == 1 else raw
    if reader.item(known, name, pointer) is None:
        return None
    return read_layer(reader, raw if isinstance(raw, Mapping) else {name: {}}, pointer)


def read_loss(reader: Reader, raw: object, pointer: str) -> losses.Loss | None:
    """Read a loss by its name."""
    loss_type: type[losses.Loss] | None = reader.item(losses.CATALOG, raw, pointer)
    return None if loss_type is None else loss_type()


def smoothed(reader: Reader, loss: object, smoothing: float) -> object:
    """Return the loss with label smoothing; refuse smoothing for a loss without classes."""
    if smoothing and loss is not None and not hasattr(loss, "label_smoothing"):
        reader.refuse("/label_smoothing", "conflict", "needs a loss of classes: leave it 0 for this loss")
    return replace(loss, label_smoothing=smoothing) if hasattr(loss, "label_smoothing") else loss  # type: ignore[type-var]  # a dataclass


def read_initializer(reader: Reader, raw: object, pointer: str) -> object:
    """Read the name of an initializer, or "auto": the initializer that suits the activation of each layer."""
    return raw if raw == "auto" or reader.item(initializers.CATALOG, raw, pointer) else None


def read_named(catalog: Mapping[str, type], default: str) -> Callable[[Reader, object, str], object]:
    """Return a reader of an object with a `name` of the catalog and the settings of that entry."""

    def read(reader: Reader, raw: object, pointer: str) -> object:
        mapping = reader.mapping(raw, pointer)
        if mapping is None:
            return None
        item_type: type | None = reader.item(catalog, mapping.get("name", default), f"{pointer}/name")
        if item_type is None:
            return None
        return reader.settings(item_type, {key: mapping[key] for key in mapping if key != "name"}, pointer)

    return read


def read_object(item_type: type, optional: bool = False) -> Callable[[Reader, object, str], object]:
    """Return a reader of an object of plain settings, or of null if `optional`."""

    def read(reader: Reader, raw: object, pointer: str) -> object:
        mapping = None if optional and raw is None else reader.mapping(raw, pointer)
        return None if mapping is None else reader.settings(item_type, mapping, pointer)

    return read


def read_periodic(reader: Reader, raw: object, pointer: str) -> object:
    """Read the settings of a periodic layer of all numbers, or null."""
    if isinstance(raw, Mapping) and "positions" in raw:
        reader.refuse(f"{pointer}/positions", "conflict", "are those of all numbers of the table: leave it out")
        return None
    return read_object(Periodic, optional=True)(reader, raw, pointer)


def read_class_weight(reader: Reader, raw: object, pointer: str) -> ClassWeight:
    """Read "balanced", null, or an object from label to weight."""
    if raw is None or raw == "balanced":
        return None if raw is None else "balanced"
    if not isinstance(raw, Mapping):
        reader.refuse(pointer, "type", f'must be null, "balanced" or an object of weights by label, not {shown(raw)}')
        return None
    for label in raw:
        if not re.fullmatch("0|[1-9][0-9]{0,8}", str(label)):
            reader.refuse(f"{pointer}/{escape(label)}", "unknown", 'is not a label; labels are "0", "1" and so on')
    return tuple((str(label), reader.value(Positive, raw[label], f"{pointer}/{escape(label)}")) for label in raw)


def read_columns(reader: Reader, raw: object, pointer: str) -> tuple[tuple[str, object], ...]:
    """Read an object from column names to the options of the columns."""
    columns = reader.mapping(raw, pointer) or {}
    if len(columns) > COLUMNS:
        reader.refuse(pointer, "range", f"must be at most {COLUMNS:,} columns, not {len(columns):,}")
        return ()
    for name in columns:
        if len(name) > NAME_CHARACTERS:
            detail = f"the name of a column has at most {NAME_CHARACTERS} characters"
            reader.refuse(f"{pointer}/{escape(name)}", "name", detail)
            return ()
    read = [(name, read_object(ColumnOptions)(reader, columns[name], f"{pointer}/{escape(name)}")) for name in columns]
    for name, options in read:
        if isinstance(options, ColumnOptions) and not options.low < options.high:
            reader.refuse(f"{pointer}/{escape(name)}/min", "conflict", "must be below max")
        if isinstance(options, ColumnOptions):
            check_words(reader, options, f"{pointer}/{escape(name)}")
        if isinstance(options, ColumnOptions) and options.kind in ("categorical", "boolean"):
            for key in ("scale", "min", "max"):
                if getattr(options, key) is not None:
                    detail = f"is for numbers and dates, and the kind is {options.kind}: leave one of them out"
                    reader.refuse(f"{pointer}/{escape(name)}/{key}", "conflict", detail)
    return tuple(read)


SPECIAL: dict[str, Callable[[Reader, object, str], object]] = {
    "layers": read_layers,
    "activation": read_activation,
    "loss": read_loss,
    "initializer": read_initializer,
    "optimizer": read_named(optimizers.CATALOG, "adam"),
    "schedule": read_named(schedules.CATALOG, "cosine"),
    "early_stopping": read_object(EarlyStopping, optional=True),
    "validation": read_object(Validation),
    "class_weight": read_class_weight,
    "embedding": read_object(Embedded, optional=True),
    "periodic": read_periodic,
    "feature_scale": read_object(FeatureScale, optional=True),
    "columns": read_columns,
    "reasons": read_reasons,
}
