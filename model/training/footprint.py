"""Estimates the state and the peak memory of a training before it begins.

The estimate of memory is high: one to two times the measured memory, for networks and tables of many shapes.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from model.design import CodeColumn
from model.errors import Problem, SpecError
from model.layers.sequence import row_memory_all
from model.network.parameters import size_of
from model.network.stack import Stack, build_stack
from model.spec import Spec
from model.training.plan import LIMITS
from model.training.validating import VALIDATION_ROWS

BASE = 160 << 20  # the interpreter, NumPy, Arrow and the database driver
MARGIN = 1.25  # for all that is not counted here
STATE_COPIES = 7  # of a checkpoint that is packed and stored, or read and unpacked, beside the one before
ESTIMATOR_COPIES = 7  # of the float64 parameters that are folded, measured, packed and stored
CELL = 24  # bytes of a cell of the table, including those of reading it
CALL = 100  # bytes of one recorded call
CALLS_A_LAYER = 16
ENCODED = 65_536  # rows encoded together, in float64
SHARED = 3  # scratch arrays that all layers of one width share in training


@dataclass(frozen=True)
class Shape:
    """The sizes of a training: rows, columns, features and code columns of the table, and logits of the network."""

    rows: int
    columns: int
    inputs: int
    codes: Sequence[CodeColumn] = ()
    outputs: int = 1
    numbers: Sequence[int] = ()


@dataclass(frozen=True)
class Footprint:
    """The sizes of a training.

    `state` is the size of a checkpoint, `estimator` that of the result. The rest is memory, by its cause: the number of
    parameters, the size of batches, the size of the table.

    Units: bytes.
    """

    parameters: int
    networks: int
    state: int
    estimator: int
    numbers: int
    batches: int
    table: int

    @property
    def memory(self) -> int:
        """The peak memory."""
        return BASE + round(MARGIN * (self.numbers + self.batches + self.table))


@dataclass(frozen=True)
class SizeLimits:
    """The limits of a training: its memory, and the state or estimator that can be stored; None for no limit.

    Units: bytes.
    """

    memory: int | None = None
    state: int | None = None


def check_size(stages: Sequence[Spec], shape: Shape, most: SizeLimits) -> None:
    """Refuse a training of one or several stages that is too large before it allocates memory.

    Raises: SpecError with the sizes and the setting to lower, or because the layers do not fit together.
    """
    for i, found in enumerate(footprints(stages, shape)):
        if problem := too_large(found, shape, most):
            here = f"/stages/{i}" if len(stages) > 1 else ""
            raise SpecError([replace(problem, pointer=here + problem.pointer)])


def too_large(found: Footprint, shape: Shape, most: SizeLimits) -> Problem | None:
    """Return the problem of a training that is too large; None for one that is not."""
    what = f"{found.networks:,} network{'s' * (found.networks > 1)} of {found.parameters:,} parameters"
    lower = "lower the units of layers" + (", members or restarts" if found.networks > 1 else "")
    stored = max(found.state, found.estimator)
    if most.state is not None and stored > most.state:
        stored_as = "a checkpoint" if found.state >= stored else "an estimator"
        detail = f"{stored_as} of {what} is {megabytes(stored)}, and a job can store {megabytes(most.state)}: {lower}"
        return Problem("/layers", "too_large", detail)
    if most.memory is None or found.memory <= most.memory:
        return None
    pointer, share, remedy = max(
        ("/layers", found.numbers, lower),
        ("/batch_size", found.batches, "lower batch_size, the units of layers, or members"),
        ("/columns", found.table, "drop columns, embed those of many categories, or send fewer rows or members"),
        key=lambda part: part[1],
    )
    detail = (
        f"training {what} on {shape.rows:,} rows of up to {shape.inputs:,} features needs about "
        f"{megabytes(found.memory)} of memory, {megabytes(share)} of it here, and may take "
        f"{megabytes(most.memory)}: {remedy}"
    )
    return Problem(pointer, "too_large", detail)


def megabytes(size: int) -> str:
    """Return a number of bytes in megabytes, as text.

    Example:
        >>> megabytes(1_597_600_000)
        '1,598 MB'
    """
    return f"{math.ceil(size / 1e6):,} MB"


def footprints(stages: Sequence[Spec], shape: Shape) -> Iterator[Footprint]:
    """Estimate the sizes of each stage of a training, beside the finished networks of the stages before it.

    Raises: SpecError when the layers do not fit together.
    """
    kept = 0  # bytes of those networks
    for spec in stages:
        found = footprint(spec, shape)
        yield replace(
            found,
            state=found.state + kept,
            estimator=found.estimator + kept,
            numbers=found.numbers + (STATE_COPIES + ESTIMATOR_COPIES) * kept,
        )
        kept += found.estimator


def footprint(spec: Spec, shape: Shape) -> Footprint:
    """Estimate the sizes of a training.

    Raises: SpecError when the layers do not fit together.
    """
    stack = build_stack(spec, shape.inputs, shape.outputs, shape.codes, shape.numbers)
    networks, item = spec.members * spec.restarts, 4 if spec.dtype == "float32" else 8
    parameters, states = size_of(stack.tensors()), size_of(stack.states())
    best = spec.early_stopping is not None
    copies = 1 + spec.optimizer.moments + best
    state = networks * item * (parameters * copies + states * (1 + best))
    estimator = 8 * spec.members * (parameters + states)
    penalties = 2 * (spec.weight_decay > 0) + 2 * (spec.l1 > 0)
    trained = networks * parameters * (copies + 2) + parameters * (penalties + 4)
    return Footprint(
        parameters,
        networks,
        state,
        estimator,
        numbers=item * trained + STATE_COPIES * state + ESTIMATOR_COPIES * estimator,
        batches=_batches(spec, shape, stack, networks, item, parameters),
        table=_table(spec, shape, networks, item),
    )


def _batches(  # noqa: PLR0913, PLR0917 - everything that decides the size of a batch
    spec: Spec, shape: Shape, stack: Stack, networks: int, item: int, parameters: int
) -> int:
    """Return the bytes of the batches of a chunk, their activations and masks, and the recorded calls."""
    batch = min(spec.batch_size, shape.rows)
    short = batch if batch < shape.rows else 0  # the last batch of an epoch has its own activations
    stacked = batch * parameters <= LIMITS.stack_work
    side_by_side = networks if stacked else 1
    row = networks * item * (shape.inputs + 1)
    steps = max(1, min(LIMITS.chunk_steps, LIMITS.chunk_bytes // (batch * row), shape.rows // batch))
    numbers = row_memory_all(stack.layers, stack.inputs)
    shared = sum({layer.width(inputs) for _, layer, inputs in stack.walk()})
    trained = side_by_side * item * (numbers.activations + numbers.gradients + SHARED * shared) * (batch + short)
    held_out = shape.rows if spec.validation.folds else math.ceil(spec.validation.fraction * shape.rows)
    tile = min(VALIDATION_ROWS, held_out)
    validated = networks * item * (numbers.activations + shared) * tile
    masks = networks * (item + 6) * numbers.masks * (steps * batch + short)
    calls = CALLS_A_LAYER * numbers.layers * (1 if stacked else networks)
    calls += CALLS_A_LAYER * math.ceil(networks * parameters / LIMITS.block)
    return row * (steps * batch + short + tile) + trained + validated + masks + CALL * (steps + 1) * calls


def _table(spec: Spec, shape: Shape, networks: int, item: int) -> int:
    """Return the bytes of the table's cells, the design matrix and the validation rows, and those of each network."""
    copies = 2 + (spec.restarts if spec.validation.folds else 0)
    row = CELL * shape.columns + item * copies * shape.inputs + (24 + 6 * item) * networks
    return shape.rows * row + 4 * 8 * min(shape.rows, ENCODED) * shape.inputs
