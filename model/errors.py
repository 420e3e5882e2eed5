"""Everything that can go wrong inside `model`, as one tree.

ModelError
├── SpecError         a training spec that cannot be used; carries every problem at once
├── TableError        a table that cannot be read or trained on
├── ColumnError       a column or value that does not fit what training saw
├── EstimatorError    bytes that are no estimator of this release, or an estimator of no use for what is asked
├── ShapeError        arrays whose shapes do not fit the network or each other
├── DivergedError     training that left the finite numbers
├── CheckpointError   a checkpoint that does not belong to this spec and data
└── FileError         a file or text that cannot be read or written
"""

from collections.abc import Iterable
from dataclasses import dataclass

OUT_OF_MEMORY = "this takes more memory than there is: split the table into several files, or leave out columns"


class ModelError(Exception):
    """Base of every error this package raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a document: where (a JSON pointer, RFC 6901), what kind, and what to do."""

    pointer: str
    code: str
    detail: str


class SpecError(ModelError):
    """A training spec with one or more problems, all told together."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer or '/'}: {p.detail}" for p in self.problems))


class TableError(ModelError):
    """A table that cannot be read or trained on; the message names the row or column."""


class ColumnError(ModelError):
    """A column or value that does not fit what training saw; the message names it.

    `role` is "target" or "id" where it is the choice of that column which does not fit the table.
    """

    def __init__(self, detail: str, role: str = "") -> None:
        super().__init__(detail)
        self.role = role


class EstimatorError(ModelError):
    """Bytes that are no estimator of this release, or an estimator that is of no use for what is asked."""


class ShapeError(ModelError):
    """Arrays whose shapes do not fit the network or each other."""


class DivergedError(ModelError):
    """Training left the finite numbers, or its loss ran away."""

    def __init__(self, epoch: int, step: int, gradient_norm: float) -> None:
        self.epoch, self.step, self.gradient_norm = epoch, step, gradient_norm
        super().__init__(
            f"training diverged in epoch {epoch} at step {step} (gradient norm {gradient_norm:.3g}): "
            "lower optimizer.learning_rate, add schedule.warmup, or set clip_norm"
        )


class CheckpointError(ModelError):
    """A checkpoint that does not belong to this spec and data, or is damaged."""


class FileError(ModelError):
    """A file or text that cannot be read or written."""
