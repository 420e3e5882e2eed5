"""The space of a sweep: values for each setting, from which configurations are listed or drawn."""

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np

from model.parsing import Reader, escape, shown
from model.random import stream, uniform
from model.ranges import Range
from model.storage import canonical_json
from model.sweep.changes import FIXED, Changes

DRAWING = 0x5EEB  # the purpose of the random stream that draws configurations
MOST_SETTINGS, MOST_VALUES = 32, 100
MOST_TRIES = 100  # draws for each configuration: where all others are taken, there are fewer
DIGITS = 4  # of a drawn number

Finite: TypeAlias = Annotated[float, Range()]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Numbers from `min` to `max`, evenly distributed; with `log`, their logarithms are."""

    min: Finite
    max: Finite
    log: bool = False

    def at(self, share: float) -> float:
        """Return the number at this share of the way, of four digits.

        Example:
            >>> Interval(min=0.0001, max=0.01, log=True).at(0.5)
            0.001
        """
        if self.log:
            number = math.exp(math.log(self.min) + share * (math.log(self.max) - math.log(self.min)))
        else:
            number = self.min + share * (self.max - self.min)
        return min(max(float(f"{number:.{DIGITS}g}"), self.min), self.max)


@dataclass(frozen=True)
class Space:
    """The values of each setting; a setting may be the key of an object in the spec: `optimizer.learning_rate`."""

    settings: Mapping[str, Sequence[Any] | Interval]

    @property
    def grid(self) -> int | None:
        """The number of configurations; None where an interval has endless ones."""
        if any(isinstance(values, Interval) for values in self.settings.values()):
            return None
        return math.prod(len(values) for values in self.settings.values() if not isinstance(values, Interval))

    def examples(self, name: str) -> dict[str, Changes]:
        """Return each value of a setting as the change of a spec, by its pointer in the space; of an interval its ends.

        Example:
            >>> Space({"dropout": [0, 0.2]}).examples("dropout")
            {'/dropout/0': {'dropout': 0}, '/dropout/1': {'dropout': 0.2}}
        """
        values = self.settings[name]
        named = {"min": values.min, "max": values.max} if isinstance(values, Interval) else dict(enumerate(values))
        return {f"/{escape(name)}/{key}": _changes({name: value}) for key, value in named.items()}

    def listed(self) -> list[Changes]:
        """Return all configurations of a space without intervals, the last setting changing fastest."""
        every = itertools.product(*self.settings.values())  # type: ignore[arg-type]  # no interval is among them
        return [_changes(dict(zip(self.settings, values, strict=True))) for values in every]

    def drawn(self, count: int, seed: int) -> list[Changes]:
        """Return `count` different configurations at random, or all of a grid that has no more."""
        if self.grid is not None and self.grid <= count:
            return self.listed()
        bits, found = stream(seed, DRAWING), dict[str, Changes]()
        for _ in range(MOST_TRIES * count):
            changes = _changes({name: _draw(values, bits) for name, values in self.settings.items()})
            found.setdefault(canonical_json(changes), changes)
            if len(found) == count:
                break
        return list(found.values())


def read_space(reader: Reader, raw: object, pointer: str) -> Space | None:
    """Read a space; None with its problems added to the reader."""
    if (settings := reader.mapping(raw, pointer)) is None:
        return None
    if not 1 <= len(settings) <= MOST_SETTINGS:
        reader.refuse(pointer, "range", f"must have 1 to {MOST_SETTINGS} settings, not {len(settings):,}")
        return None
    before = len(reader.problems)
    for name in settings:
        top, dot, _ = name.partition(".")
        if top in FIXED:
            reader.refuse(f"{pointer}/{escape(name)}", "conflict", FIXED[top])
        elif dot and top in settings:
            reader.refuse(
                f"{pointer}/{escape(name)}", "conflict", f"{top} is a setting of this space, too: leave one out"
            )
    found = {name: _read_values(reader, values, f"{pointer}/{escape(name)}") for name, values in settings.items()}
    return Space(found) if len(reader.problems) == before else None


def _read_values(reader: Reader, raw: object, pointer: str) -> Any:
    if isinstance(raw, Mapping):
        interval = reader.settings(Interval, raw, pointer)
        if interval is not None and not interval.min < interval.max:
            reader.refuse(f"{pointer}/min", "conflict", "must be below max")
        elif interval is not None and interval.log and interval.min <= 0:
            reader.refuse(f"{pointer}/min", "range", "must be above 0 with log")
        return interval
    if not isinstance(raw, list | tuple):
        reader.refuse(pointer, "type", f"must be a list of values, or an object with min and max, not {shown(raw)}")
    elif not 1 <= len(raw) <= MOST_VALUES:
        reader.refuse(pointer, "range", f"must have 1 to {MOST_VALUES} values, not {len(raw):,}")
    elif len({json.dumps(value, sort_keys=True) for value in raw}) < len(raw):
        reader.refuse(pointer, "conflict", "has a value twice: leave one of them out")
    return raw


def _changes(values: Mapping[str, Any]) -> Changes:
    """Return values by the names of their settings as the changes of a spec.

    Example:
        >>> _changes({"layers": [8], "optimizer.name": "adamw", "optimizer.learning_rate": 0.1})
        {'layers': [8], 'optimizer': {'name': 'adamw', 'learning_rate': 0.1}}
    """
    changes: dict[str, Any] = {}
    for name, value in values.items():
        top, dot, key = name.partition(".")
        if dot:
            changes[top] = {**changes.get(top, {}), key: value}
        else:
            changes[top] = value
    return changes


def _draw(values: Sequence[Any] | Interval, bits: np.random.PCG64) -> Any:
    share = (float(uniform(bits, 1)[0]) + 1.0) / 2.0
    return values.at(share) if isinstance(values, Interval) else values[int(share * len(values))]
