"""Reads what reasons compare with, and the words that reasons use for a column."""

import math
import re
from collections.abc import Mapping
from typing import Any

from model.columns.options import ColumnOptions
from model.limits import COLUMNS, NAME_CHARACTERS
from model.names import RULE, refused_character
from model.parsing import Reader, escape, shown, value_types
from model.spec.spec import Reasons

BASELINES = ("average", "stayer")


def read_reasons(reader: Reader, raw: object, pointer: str) -> Reasons | None:
    """Read the baseline, which is a name or a record, and the size of the background."""
    mapping = reader.mapping(raw, pointer)
    if mapping is None:
        return None
    types = value_types(Reasons)
    reader.unknown(mapping, tuple(types), pointer)
    baseline = _baseline(reader, mapping.get("baseline", "average"), f"{pointer}/baseline")
    size = reader.value(types["background"], mapping.get("background"), f"{pointer}/background")
    if size is not None and (baseline == "stayer" or isinstance(baseline, tuple)):
        reader.refuse(f"{pointer}/background", "conflict", 'is for the baseline "average" only: leave it out')
    return Reasons(baseline, size)


def _baseline(reader: Reader, raw: object, pointer: str) -> Any:
    if not isinstance(raw, Mapping):
        if raw not in BASELINES:
            names = ", ".join(BASELINES)
            reader.refuse(pointer, "unknown", f"{shown(raw)} is not one of: {names}; or give a customer's record")
        return raw
    if len(raw) > COLUMNS:
        reader.refuse(pointer, "range", f"must have at most {COLUMNS:,} columns, not {len(raw):,}")
        return ()
    for name, value in raw.items():
        if not (value is None or isinstance(value, str | int | float)):
            reader.refuse(f"{pointer}/{escape(name)}", "type", "must be a number, a text, true, false or null")
        elif isinstance(value, float) and not math.isfinite(value):
            reader.refuse(f"{pointer}/{escape(name)}", "range", "must be a finite number")
    return tuple(raw.items())


def check_words(reader: Reader, options: ColumnOptions, pointer: str) -> None:
    """Refuse labels and phrases that are empty, too long, or hold other braces than those of {value}."""
    for key, text in options.words.items():
        place = f"{pointer}/{key}"
        bare = text if key == "label" else text.replace("{value}", "")
        if not text.strip():
            reader.refuse(place, "range", "must not be empty: leave it out")
        elif len(text) > NAME_CHARACTERS:
            reader.refuse(place, "range", f"must have at most {NAME_CHARACTERS} characters, not {len(text):,}")
        elif found := refused_character(text):
            reader.refuse(place, "name", f"holds {found}: write it {RULE}")
        elif brace := re.search("[{}]", bare):
            allowed = "no braces" if key == "label" else "no braces but those of {value}"
            reader.refuse(place, "name", f"holds '{brace[0]}': a {key.partition('_')[0]} has {allowed}")
