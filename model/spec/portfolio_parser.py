"""Parses what a training is asked to do: a spec, or a portfolio that plans its specs by itself."""

from collections.abc import Mapping

from model.errors import SpecError
from model.parsing import Reader, value_types
from model.spec.parser import conflicts, parse_spec, read_settings
from model.spec.portfolio import SHARED, Portfolio
from model.spec.spec import Spec

KEYS = ("preset", "budget_s", "validation", *SHARED, "stages")


def parse_recipe(raw: object) -> Spec | Portfolio:
    """Read a spec, or a portfolio: the name of a preset, or an object with the key `preset`.

    Raises: SpecError with every problem found, each with a JSON pointer.

    Example:
        >>> parse_recipe("quick").preset, parse_recipe({"layers": [4]}).layers
        ('quick', (4,))
    """
    mapping = {"preset": raw} if isinstance(raw, str) else raw
    if not isinstance(mapping, Mapping) or "preset" not in mapping:
        return parse_spec(mapping)  # type: ignore[arg-type]  # it refuses what is not an object
    reader, types = Reader(), value_types(Portfolio)
    reader.unknown(mapping, KEYS, "")
    own = {key: reader.value(types[key], mapping[key], f"/{key}") for key in ("preset", "budget_s") if key in mapping}
    shared = {key: mapping[key] for key in ("validation", *SHARED) if key in mapping}
    settings = read_settings(reader, shared)
    stages = _read_stages(reader, mapping.get("stages", []), shared)
    if reader.problems:
        raise SpecError(reader.problems)
    common = Spec(**settings)  # type: ignore[arg-type]  # the reader checked each against its field
    if common.validation.folds:
        reader.refuse("/validation/folds", "conflict", "is planned by the portfolio: leave it out")
    if problems := [*reader.problems, *conflicts(common)]:
        raise SpecError(problems)
    return Portfolio(common=common, stages=stages, **own)  # the reader checked each


def _read_stages(reader: Reader, raw: object, shared: Mapping[str, object]) -> tuple[Spec, ...]:
    """Read the specs of an earlier plan. They have the settings of the portfolio that all stages share."""
    if not isinstance(raw, list) or not all(isinstance(stage, Mapping) for stage in raw):
        reader.refuse("/stages", "type", "must be a list of specs")
        return ()
    stages, common = [], {key: value for key, value in shared.items() if key in SHARED}
    for i, stage in enumerate(raw):
        try:
            stages.append(parse_spec({**stage, **common}))
        except SpecError as error:
            for problem in error.problems:
                if problem.pointer.split("/")[1] not in SHARED:
                    reader.refuse(f"/stages/{i}{problem.pointer}", problem.code, problem.detail)
    return tuple(stages)
