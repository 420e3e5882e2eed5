"""The estimator: columns, scaling and network as one immutable object, from customer to probability."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from model.columns import Table
from model.columns.cells import Scalar
from model.columns.encoder import Encoder, Raw
from model.columns.faults import Faults
from model.design import Floats
from model.errors import ColumnError, EstimatorError, FileError, Problem, ShapeError, SpecError
from model.heads import CHURN, Churn, Classes, Head, head_from_json, head_to_json
from model.names import clipped
from model.network.network import Network
from model.network.reasons import contributions
from model.parsing import escape
from model.storage import pack, sha256, unpack

FORMAT = 2


class Reason(NamedTuple):
    """What one column adds to a customer's log-odds (or predicted number), against the baseline customer."""

    column: str
    value: Scalar
    contribution: float

    def to_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {"column": self.column, "value": self.value, "contribution": self.contribution}


class Explained(NamedTuple):
    """The largest reasons of each row, and by how much all of a row's reasons miss the difference they explain."""

    reasons: list[list[Reason]]
    gaps: list[float]


@dataclass(frozen=True, eq=False)
class Estimator:
    """Everything from a customer's columns to a prediction; trained, saved, versioned and served as a whole.

    The head says what it predicts: a churn probability, the probabilities of classes, or a number.
    `left_out` names columns of the training table that are no inputs, such as constant ones; they may still be sent.
    """

    encoder: Encoder
    network: Network
    baseline: Floats
    target: str
    id_column: str | None
    left_out: tuple[str, ...]
    spec: Mapping[str, Any]
    metrics: Mapping[str, Any]
    warnings: tuple[Mapping[str, Any], ...] = ()
    head: Head = CHURN

    def read(self, columns: Mapping[str, Raw], n: int) -> tuple[Table, Faults]:
        """Return the columns' cells for scoring, and what is wrong with which row (such a value counts as missing).

        Raises: ColumnError when a column does not have `n` values.
        """
        return self.encoder.read(columns, n)

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Return those of the names that no column of the training table had."""
        return [name for name in names if name not in self.known]

    @cached_property
    def known(self) -> frozenset[str]:
        """The columns of the training table."""
        ids = () if self.id_column is None else (self.id_column,)
        return frozenset((*self.encoder.names, *self.left_out, self.target, *ids))

    def check(self, record: Mapping[str, object]) -> list[Problem]:
        """Return what is wrong with one record: wrong types, numbers not finite or out of range, unknown columns."""
        problems = list(map(unknown_column, self.unknown(record)))
        _, faults = self.read({name: [value] for name, value in record.items()}, 1)
        return problems + faults.rows.get(0, [])

    def log_odds(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> Floats:
        """Return the log-odds of churn, one a row, shape (n,).

        The same record gets the same bits alone, in any batch and at any place in it.

        Raises: EstimatorError when the target is not who churned; ColumnError when a value cannot be used: `read` tells
        all of them, and its table can be scored.
        """
        if not isinstance(self.head, Churn):
            raise EstimatorError(f"the target {self.target!r} is not who churned: it has predictions, but no log-odds")
        return self._explained(self._design(columns, n))

    def predict(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> Floats:
        """Return the churn probabilities, (n,); of classes a probability each, (n, c); of a number the number, (n,).

        Raises: ColumnError when a value cannot be used: `read` tells all of them, and its table can be scored.
        """
        return self.head.predictions(self.network.logits(self._design(columns, n)))

    def explain(self, columns: Mapping[str, Raw] | Table, n: int | None = None, top: int | None = None) -> Explained:
        """Return for each row the `top` largest reasons (all of them by default), the largest first, and the gap.

        All reasons of a row and its gap sum to its log-odds less those of the baseline customer.

        Raises: EstimatorError when the target is one of several classes.
        """
        table = self._table(columns, n)
        X = self._design(table, None)
        shares = self._shares(X)
        order = np.argsort(-np.abs(shares), axis=1, kind="stable")[:, :top]
        largest = np.take_along_axis(shares, order, axis=1).tolist()
        names = self.encoder.names
        values = [table.columns[name].scalars() for name in names]
        reasons = [
            [Reason(names[j], values[j][row], share) for j, share in zip(chosen, chosen_shares, strict=True)]
            for row, (chosen, chosen_shares) in enumerate(zip(order.tolist(), largest, strict=True))
        ]
        return Explained(reasons, self._missed(X, shares).tolist())

    def contributions(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> Floats:
        """Return what each column adds to the log-odds (or the predicted number), shape (n, columns).

        Columns are in the order of `encoder.names`.

        Raises: EstimatorError when the target is one of several classes.
        """
        return self._shares(self._design(columns, n))

    def gaps(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> Floats:
        """Return by how much the reasons of each row miss the difference they explain, shape (n,).

        Rounding for piecewise-linear networks, the quadrature's error for others.

        Raises: EstimatorError when the target is one of several classes.
        """
        X = self._design(columns, n)
        return self._missed(X, self._shares(X))

    def unseen(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> dict[str, int]:
        """Return how many rows of each categorical column hold a category that training hardly saw."""
        return self.encoder.unseen(self._table(columns, n))

    @cached_property
    def baseline_customer(self) -> dict[str, Scalar]:
        """The customer that reasons compare with: medians and commonest values of the training rows."""
        return self.encoder.baseline_customer()

    @cached_property
    def baseline_log_odds(self) -> float:
        """The baseline customer's log-odds of churn, or predicted number."""
        self._explainable()
        return float(self._explained(self.baseline[None])[0])

    @property
    def calibration(self) -> Mapping[str, Any] | None:
        """What the validation rows made of the log-odds (slope and shift), with what quality before and after.

        None for targets other than churn. The reliability table is beside it, in `metrics["reliability"]`.
        """
        return self.metrics.get("calibration")

    def _explained(self, X: Floats) -> Floats:
        return self.head.explained(self.network.logits(X))

    def _shares(self, X: Floats) -> Floats:
        self._explainable()
        by_feature = contributions(self.network, self.baseline, X) * self.head.slope
        shares = np.zeros((len(by_feature), len(self.encoder.groups)))
        for column, group in enumerate(self.encoder.groups):
            # One by one: NumPy's own sums may add up one row in another order than many.
            for feature in range(group.start, group.stop):
                shares[:, column] += by_feature[:, feature]
        return shares

    def _missed(self, X: Floats, shares: Floats) -> Floats:
        gaps = self._explained(X) - self.baseline_log_odds
        for share in shares.T:
            gaps -= share
        return gaps

    def _explainable(self) -> None:
        if isinstance(self.head, Classes):
            raise EstimatorError(
                "reasons add up to one number, and this estimator gives a probability for each class: "
                "train one for whether it is the class in question"
            )

    def _table(self, columns: Mapping[str, Raw] | Table, n: int | None) -> Table:
        if isinstance(columns, Table):
            return columns
        table, faults = self.read(columns, len(next(iter(columns.values()))) if n is None else n)
        for row, problems in sorted(faults.rows.items()):
            raise ColumnError(f"record {row}: {problems[0].detail}")
        return table

    def _design(self, columns: Mapping[str, Raw] | Table, n: int | None) -> Floats:
        return self.encoder.encode(self._table(columns, n))

    def to_bytes(self) -> bytes:
        """Return the estimator as a safetensors file; equal estimators give equal bytes."""
        header = {
            "format": FORMAT,
            "columns": self.encoder.to_json(),
            "layers": self.network.layers_json,
            "target": self.target,
            "id": self.id_column,
            "left_out": list(self.left_out),
            "spec": dict(self.spec),
            "metrics": dict(self.metrics),
            "warnings": [dict(warning) for warning in self.warnings],
            "head": head_to_json(self.head),
        }
        arrays = {f"network.{name}": array for name, array in self.network.arrays().items()}
        return pack(header, {**arrays, "baseline": self.baseline})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Estimator":
        """Return the estimator that `to_bytes` wrote.

        Raises: EstimatorError when the bytes are damaged, of another release, or not an estimator's.
        """
        try:
            header, arrays = unpack(data)
        except FileError as error:
            raise EstimatorError(str(error)) from error
        if header.get("format") != FORMAT:
            raise EstimatorError(f"this is not an estimator of format {FORMAT}: train it again with this version")
        try:
            parameters = {name.removeprefix("network."): array for name, array in arrays.items() if name != "baseline"}
            return cls(
                encoder=Encoder.from_json(header["columns"]),
                network=Network.from_arrays(header["layers"], parameters),
                baseline=arrays["baseline"],
                target=header["target"],
                id_column=header["id"],
                left_out=tuple(header["left_out"]),
                spec=header["spec"],
                metrics=header["metrics"],
                warnings=tuple(header["warnings"]),
                head=head_from_json(header["head"]),
            )
        except (SpecError, ShapeError) as error:
            raise EstimatorError(f"this estimator does not fit this release: train it again ({error})") from error
        except (KeyError, TypeError) as error:
            raise EstimatorError(f"this estimator lacks {error}: fetch or train it again") from error

    @cached_property
    def weights_sha256(self) -> str:
        """The SHA-256 digest of `to_bytes()`, so that a downloaded file can be checked with any tool."""
        return sha256(self.to_bytes())


def unknown_column(name: str) -> Problem:
    """Return what is wrong with a record that brings a column which training never saw."""
    return Problem(
        f"/{escape(name)}", "unknown_column", f"column {clipped(name)!r} is unknown: training saw no such column"
    )
