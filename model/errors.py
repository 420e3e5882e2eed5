"""All errors of `model`, as one tree.

ModelError
├── SpecError         a training spec that cannot be used; has all its problems
├── TableError        a table that cannot be read or trained on
├── ColumnError       a column or value that does not fit the training table
├── EstimatorError    bytes that are not an estimator of this release, or an estimator that cannot do the request
├── ShapeError        arrays whose shapes do not fit the network or each other
├── DivergedError     training with infinite or huge losses
├── SweepError        a sweep of which no configuration can be trained
├── CheckpointError   a checkpoint that does not belong to this spec and data
└── FileError         a file or text that cannot be read or written
"""

from collections.abc import Iterable
from dataclasses import dataclass

OUT_OF_MEMORY = "there is not enough memory: split the table into several files, or leave out columns"
JOINED = "if curl sent it, use -T FILE or --data-binary @FILE, because -d removes the line breaks"
NO_ROWS = f"the table has no rows: below the line of names, write one customer a line; {JOINED}"


class ModelError(Exception):
    """The base of all errors that this package raises."""


@dataclass(frozen=True)
class Problem:
    """One problem of a document: its place (a JSON pointer, RFC 6901), its kind, and the remedy."""

    pointer: str
    code: str
    detail: str


class SpecError(ModelError):
    """A training spec with one or more problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer or '/'}: {p.detail}" for p in self.problems))


class TableError(ModelError):
    """A table that cannot be read or trained on. The message has the row or column."""


class ColumnError(ModelError):
    """A column or value that does not fit the training table. The message has its name.

    `role` is "target" or "id" if the error is the choice of that column.
    """

    def __init__(self, detail: str, role: str = "") -> None:
        super().__init__(detail)
        self.role = role


class EstimatorError(ModelError):
    """Bytes that are not an estimator of this release, or an estimator that cannot do the request."""


class ShapeError(ModelError):
    """Arrays whose shapes do not fit the network or each other."""


class DivergedError(ModelError):
    """The losses of a training became infinite or huge."""

    def __init__(self, epoch: int, step: int, gradient_norm: float) -> None:
        self.epoch, self.step, self.gradient_norm = epoch, step, gradient_norm
        super().__init__(
            f"training diverged in epoch {epoch} at step {step} (gradient norm {gradient_norm:.3g}): "
            "lower optimizer.learning_rate, add schedule.warmup, or set clip_norm"
        )


class SweepError(ModelError):
    """A sweep of which no configuration can be trained. The message has the error of the first."""


class CheckpointError(ModelError):
    """A checkpoint that does not belong to this spec and data, or is damaged."""


class FileError(ModelError):
    """A file or text that cannot be read or written."""
