"""The input of training: the design matrix, its labels, and the split of its rows."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.errors import ShapeError

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class CodeColumn:
    """A feature of the design matrix that holds category codes 0 … cardinality − 1."""

    position: int
    cardinality: int


@dataclass(frozen=True)
class Design:
    """A design matrix with its labels, split into training and validation rows.

    Shapes: X (n, d), float32 or float64, may be memory-mapped; y (n,); weight (n,) or None for all ones;
    train_rows and valid_rows are row numbers; folds (n,), the member that holds each row out. With folds, both are
    all rows. `numbers` are the features that a periodic layer reads.
    Raises: ShapeError when the shapes do not fit, a number is not finite, or a row number is out of range.
    """

    X: Floats
    y: NDArray[Any]
    weight: Floats | None
    train_rows: Integers
    valid_rows: Integers
    codes: tuple[CodeColumn, ...] = ()
    folds: Integers | None = None
    numbers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or self.X.dtype not in (np.float32, np.float64):
            raise ShapeError(f"X must be (n, d) of float32 or float64, not {self.X.shape} of {self.X.dtype}")
        if not isinstance(self.X, np.memmap) and not np.isfinite([self.X.min(initial=0), self.X.max(initial=0)]).all():
            raise ShapeError("X holds numbers that are not finite: impute or drop them")
        rows = len(self.X)
        for name, array in (("y", self.y), ("weight", self.weight), ("folds", self.folds)):
            if array is not None and array.shape != (rows,):
                raise ShapeError(f"{name} must have one entry for each of the {rows} rows, not shape {array.shape}")
        if len(self.train_rows) == 0:
            raise ShapeError("there are no training rows: lower validation.fraction or add rows")
        for name, chosen in (("train_rows", self.train_rows), ("valid_rows", self.valid_rows)):
            if len(chosen) and (chosen.min() < 0 or chosen.max() >= rows):
                raise ShapeError(f"{name} names a row outside 0 … {rows - 1}")

    @property
    def width(self) -> int:
        """The number of features of a row."""
        return int(self.X.shape[1])
