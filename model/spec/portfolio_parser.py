"""Parses what a training is asked to do: a spec, or a portfolio that plans its specs by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from model.errors import SpecError
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.parsing import Reader, value_types
from model.spec.parser import conflicts, parse_spec, read_settings
from model.spec.portfolio import SHARED, Portfolio
from model.spec.spec import Spec, Validation

KEYS = ("preset", "budget_s", "validation", *SHARED, "stages")
MOST_STAGES = 5
ALIKE = ("members", "validation", "numbers", "dtype")  # the settings by which networks read and hold out the same rows


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
    if not common.validation.fraction:
        reader.refuse("/validation/fraction", "range", "must be above 0: held-out rows decide how networks are blended")
    _check_alike(reader, stages, common.validation)
    if problems := [*reader.problems, *conflicts(common)]:
        raise SpecError(problems)
    return Portfolio(common=common, stages=stages, **own)  # the reader checked each


def _read_stages(reader: Reader, raw: object, shared: Mapping[str, object]) -> tuple[Spec, ...]:
    """Read the specs of an earlier plan. They have the settings of the portfolio that all stages share."""
    if not isinstance(raw, list) or not all(isinstance(stage, Mapping) for stage in raw):
        reader.refuse("/stages", "type", "must be a list of specs")
        return ()
    if len(raw) > MOST_STAGES:
        reader.refuse("/stages", "range", f"must be at most {MOST_STAGES} specs, not {len(raw):,}")
        return ()
    stages, common = [], {key: value for key, value in shared.items() if key in SHARED}
    for i, stage in enumerate(raw):
        for key in SHARED:
            if key in stage:
                reader.refuse(f"/stages/{i}/{key}", "conflict", "is the same for all stages: set it beside preset")
        try:
            spec = parse_spec({**stage, **common})
        except SpecError as error:
            for problem in error.problems:
                if problem.pointer.split("/")[1] not in SHARED:
                    reader.refuse(f"/stages/{i}{problem.pointer}", problem.code, problem.detail)
        else:
            stages.append(spec)
    return tuple(stages)


def _check_alike(reader: Reader, stages: Sequence[Spec], held: Validation) -> None:
    """Refuse stages whose networks cannot be blended: for other targets, rows or features."""
    for i, stage in enumerate(stages):
        if not isinstance(stage.loss, BinaryCrossEntropy):
            detail = "a portfolio learns churn from binary_cross_entropy: leave it out"
            reader.refuse(f"/stages/{i}/loss", "conflict", detail)
        if replace(stage.validation, folds=held.folds) != held:
            detail = "must be that of the portfolio, but for folds: leave the rest out of both, or repeat it here"
            reader.refuse(f"/stages/{i}/validation", "conflict", detail)
        differing = [key for key in ALIKE if getattr(stage, key) != getattr(stages[0], key)]
        if _embeds_from(stage) != _embeds_from(stages[0]):
            differing.append("embedding")
        for key in differing:
            detail = "must be the same in all stages, whose networks are blended: repeat that of the first"
            reader.refuse(f"/stages/{i}/{key}", "conflict", detail)


def _embeds_from(spec: Spec) -> int | None:
    return None if spec.embedded is None else spec.embedded.at_least
