"""The head for classes: one of several words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from model.columns.cells import Cells, Days, Numbers, Scalar, Words
from model.columns.target import refuse_missing
from model.design import Floats
from model.errors import ColumnError, TableError
from model.heads.head import Head
from model.metrics import accuracy, cross_entropy
from model.probabilities import softmax

MOST_CLASSES = 1000


@dataclass(frozen=True)
class Classes(Head):
    """Predicts the probabilities of classes, softmax(z), in the order of `classes`.

    Units: the loss is in nats.
    """

    classes: tuple[Scalar, ...] = ()
    metric: ClassVar[str] = "valid_accuracy"

    @classmethod
    def read(cls, cells: Cells, name: str) -> tuple["Classes", Floats]:
        """Return the head, and the class of each row as a position in `classes`.

        Raises: ColumnError when the column holds no classes, or too many; TableError when it holds one class only.
        """
        refuse_missing(cells, name)
        values = cells.codes if isinstance(cells, Words) else cells.values
        if isinstance(cells, Days) or (isinstance(cells, Numbers) and bool((values != np.floor(values)).any())):
            what = "dates" if isinstance(cells, Days) else "numbers with a fraction"
            raise ColumnError(
                f"target column {name!r} holds {what}, which are not classes: write it as text"
                + ("" if isinstance(cells, Days) else ', or set "loss": "squared_error" in the training spec')
            )
        first = np.unique(values, return_index=True)[1]
        found = sorted((cells.scalar(int(row)), int(row)) for row in first)
        if len(found) > min(MOST_CLASSES, max(20, len(cells) // 2)):
            raise ColumnError(
                f"target column {name!r} has {len(found):,} classes in {len(cells):,} rows, too many to learn: "
                "group them" + (', or set "loss": "squared_error" in the training spec' * isinstance(cells, Numbers))
            )
        if len(found) == 1:
            raise TableError(f"all {len(cells):,} rows are of class {found[0][0]!r}: an estimator needs at least two")
        head = cls(classes=tuple(word for word, _ in found))
        order = np.argsort(values[[row for _, row in found]])
        at = np.searchsorted(values[[row for _, row in found]], values, sorter=order)
        return head, order[at].astype(np.float64)

    def strata(self, y: Floats) -> tuple[Floats, Sequence[str]]:
        """Return the classes."""
        return y, tuple(f"of class {word!r}" for word in self.classes)

    def predictions(self, z: Floats) -> Floats:
        """Return the probabilities of the classes, (n, c) to (n, c)."""
        return softmax(z)

    def columns(self) -> tuple[str, ...]:
        """Return the names of the likeliest class and of the probability of each class."""
        return ("predicted", *(f"probability of {word}" for word in self.classes))

    def answers(self, predictions: Floats) -> list[list[Scalar]]:
        """Return the likeliest class of each row, and the probability of each class."""
        return [[self.classes[i] for i in predictions.argmax(1)], *predictions.T.tolist()]

    def loss(self, y: Floats, scaled: Floats) -> float:
        """Return the mean cross-entropy."""
        return cross_entropy(y, scaled)

    def quality(self, y: Floats, scaled: Floats) -> float | None:
        """Return the share of rows whose likeliest class is correct."""
        return accuracy(y, scaled)

    def facts(self, y: Floats) -> dict[str, Any]:
        """Return the share of the rows in each class."""
        counts = np.bincount(y.astype(int), minlength=len(self.classes))
        return {"class_rates": {str(w): n / len(y) for w, n in zip(self.classes, counts.tolist(), strict=True)}}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Classes":
        """Return the head that `to_json` wrote."""
        return cls(**{**raw, "classes": tuple(raw["classes"])})
