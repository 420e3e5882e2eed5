"""The parser of a sweep's plan: the same for the API, the command line and the worker."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from model.columns.declared import text_columns
from model.errors import Problem, SpecError
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.names import clipped
from model.parsing import Reader, escape, shown
from model.ranges import Natural, Range
from model.spec import Spec, parse_spec
from model.storage import canonical_json
from model.sweep.changes import FIXED, Changes, changed
from model.sweep.halving import Halving
from model.sweep.space import Space, read_space
from model.sweep.sweep_plan import SPACE, SweepPlan

MOST_CONFIGURATIONS = 200
MOST_LAYERS = 12_800  # in the specs of all configurations: a request waits for the estimate of their sizes
MOST_PARSED = 3_000_000  # bytes of the specs that are parsed, a copy of the sweep's spec for each configuration
KEYS = ("spec", "configurations", "space", "seed", "folds", "halving")
Folds = Annotated[int, Range(low=2, high=20)]
Configurations = Annotated[int, Range(low=2, high=MOST_CONFIGURATIONS)]


def parse_plan(raw: Mapping[str, Any], *, alone: bool = False) -> SweepPlan:
    """Parse the keys of a plan in a request; other keys are not read, or refused where a plan is `alone`.

    Raises: SpecError with all problems; the pointers are into `raw`.
    """
    reader = Reader()
    if alone:
        reader.unknown(raw, KEYS, "")
    folds = reader.value(Folds, raw.get("folds", 5), "/folds")
    halving = raw.get("halving")
    if halving is not None and (found := reader.mapping(halving, "/halving")) is not None:
        halving = reader.settings(Halving, found, "/halving")
    spec = _read_spec(reader, raw.get("spec", {}), folds)
    listed = _read_configurations(reader, raw, spec)
    if reader.problems or spec is None:
        raise SpecError(reader.problems)
    _check_bytes(reader, spec, len(listed), "/configurations")
    specs = _parse_each(reader, spec, listed)
    if not reader.problems and halving is not None and halving.first_epochs >= max(each.epochs for each in specs):
        reader.refuse("/halving/first_epochs", "conflict", "must be below the epochs of the spec: lower it")
    if reader.problems:
        raise SpecError(reader.problems)
    return SweepPlan(spec, [changes for _, changes in listed], specs, [pointer for pointer, _ in listed], halving)


def _read_spec(reader: Reader, raw: object, folds: Any) -> Spec | None:
    """Return the spec with a member for each fold; None with its problems added to the reader."""
    if isinstance(raw, str) or (isinstance(raw, Mapping) and "preset" in raw):
        detail = "a sweep compares changes of one spec, and a preset plans several: name layers and other settings"
        reader.refuse("/spec", "conflict", detail)
        return None
    mapping = reader.mapping(raw, "/spec")
    if mapping is None or type(folds) is not int:
        return None
    validation = mapping.get("validation", {})
    if mapping.get("members", folds) != folds:
        reader.refuse("/spec/members", "conflict", f"{FIXED['members']}, and leave members out")
    if isinstance(validation, Mapping) and validation.get("folds", True) is not True:
        reader.refuse("/spec/validation/folds", "conflict", "a sweep holds out folds: leave it out, or make it true")
    if isinstance(validation, Mapping):
        validation = {**validation, "folds": True}
    spec = _try_spec(reader, {**mapping, "members": folds, "validation": validation}, "/spec")
    if spec is not None and not isinstance(spec.loss, BinaryCrossEntropy):
        reader.refuse("/spec/loss", "conflict", "a sweep compares by binary_cross_entropy: leave it out")
    return spec


def _read_configurations(reader: Reader, raw: Mapping[str, Any], spec: Spec | None) -> list[tuple[str, Changes]]:
    """Return each configuration with its pointer: as listed, or of the space."""
    listed, space, seed = raw.get("configurations"), raw.get("space"), raw.get("seed")
    if space is None:
        if seed is not None:
            reader.refuse("/seed", "conflict", "draws configurations from a space: leave it out, or set space")
        return _read_list(reader, listed)
    drawing = 0 if seed is None else reader.value(Natural, seed, "/seed")
    if isinstance(listed, list | tuple):
        reader.refuse("/space", "conflict", "cannot be joined with listed configurations: leave one of them out")
        return []
    count = None if listed is None else reader.value(Configurations, listed, "/configurations")
    found = read_space(reader, space, "/space")
    if found is None or spec is None or reader.problems:
        return []
    base, examples = spec.to_json(), [found.examples(name) for name in found.settings]
    _check_bytes(reader, spec, sum(map(len, examples)), "/space")
    for values in examples:
        for place, changes in values.items():
            _try_spec(reader, changed(base, changes), f"/space{place}")
    return [(SPACE, changes) for changes in _of_space(reader, found, count, drawing)] if not reader.problems else []


def _check_bytes(reader: Reader, spec: Spec, copies: int, pointer: str) -> None:
    """Refuse so many changes of so long a spec that parsing all of them would take long.

    Raises: SpecError.
    """
    size = len(canonical_json(spec.to_json()))
    if size * copies > MOST_PARSED:
        detail = f"are {copies:,} changes of a spec of {size:,} bytes: take fewer, or set fewer columns in spec"
        reader.refuse(pointer, "too_large", detail)
        raise SpecError(reader.problems)


def _read_list(reader: Reader, listed: object) -> list[tuple[str, Changes]]:
    if not isinstance(listed, list | tuple):
        code = "missing" if listed is None else "conflict" if isinstance(listed, int) else "type"
        detail = f"must be a list of changes of the spec, not {shown(listed)}; or a number with space"
        reader.refuse("/configurations", code, detail)
        return []
    if not 2 <= len(listed) <= MOST_CONFIGURATIONS:
        detail = f"must be 2 to {MOST_CONFIGURATIONS} configurations, not {len(listed):,}"
        reader.refuse("/configurations", "range", detail)
        return []
    found: list[tuple[str, Changes]] = []
    for place, raw in enumerate(listed):
        pointer = f"/configurations/{place}"
        if (changes := reader.mapping(raw, pointer)) is not None:
            for key in changes:
                if key in FIXED:
                    reader.refuse(f"{pointer}/{escape(key)}", "conflict", FIXED[key])
            found.append((pointer, changes))
    return found


def _of_space(reader: Reader, space: Space, count: int | None, seed: int) -> Sequence[Changes]:
    """Return the whole grid, or the asked number of draws."""
    grid = space.grid
    if count is None and (grid is None or grid > MOST_CONFIGURATIONS):
        size = "endless" if grid is None else f"{grid:,}"
        detail = f"is needed, because the space has {size} configurations: at most {MOST_CONFIGURATIONS}"
        reader.refuse("/configurations", "missing", detail)
        return []
    if grid == 1:
        reader.refuse("/space", "range", "has one configuration only: give a setting several values")
    return space.listed() if count is None else space.drawn(count, seed)


def _parse_each(reader: Reader, spec: Spec, listed: Sequence[tuple[str, Changes]]) -> list[Spec]:
    """Return the spec of each configuration; two of one spec are refused."""
    base, seen, specs, layers = spec.to_json(), dict[str, int](), list[Spec](), 0
    texts = text_columns(dict(spec.columns))
    for place, (pointer, changes) in enumerate(listed):
        found = _try_spec(reader, changed(base, changes), pointer)
        if found is None:
            continue
        first = seen.setdefault(canonical_json(found.to_json()), place)
        if first != place:
            reader.refuse(pointer, "conflict", f"configurations {first} and {place} are the same spec: leave one out")
        _check_readings(reader, found, texts, pointer)
        specs.append(found)
        if (layers := layers + found.layer_count) > MOST_LAYERS:
            detail = f"have more than {MOST_LAYERS:,} layers together: take fewer configurations, or fewer layers"
            reader.refuse(SPACE if pointer == SPACE else "/configurations", "too_large", detail)
            break
    return specs


def _check_readings(reader: Reader, spec: Spec, texts: Sequence[str], pointer: str) -> None:
    """Refuse a configuration that reads other columns in its own way than the sweep's spec: there is one table."""
    for name, options in spec.columns:
        if not options.drop and (options.read_as is not None) != (name in texts):
            place = pointer if pointer == SPACE else f"{pointer}/columns/{escape(name)}/read_as"
            detail = f"column {clipped(name)!r} is read once for all configurations: set its read_as in spec"
            if Problem(place, "conflict", detail) not in reader.problems:  # many draws may have it
                reader.refuse(place, "conflict", detail)


def _try_spec(reader: Reader, raw: Mapping[str, Any], pointer: str) -> Spec | None:
    """Return the parsed spec; None with its problems added to the reader, below the pointer or at a setting."""
    try:
        return parse_spec(raw)
    except SpecError as error:
        for problem in error.problems:
            if not pointer.startswith("/space"):
                reader.refuse(pointer + problem.pointer, problem.code, problem.detail)
                continue
            detail = f"{problem.pointer} of the spec {problem.detail}"
            if Problem(pointer, problem.code, detail) not in reader.problems:  # many draws may have it
                reader.refuse(pointer, problem.code, detail)
    return None
