"""The estimator: columns, scaling and network as one immutable object that maps customers to probabilities."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from model.columns import Table
from model.columns.cells import Scalar
from model.columns.encoder import Encoder, Raw
from model.columns.phrases import Phrase
from model.columns.row_problems import RowProblems
from model.design import Floats
from model.errors import ColumnError, EstimatorError, FileError, Problem, ShapeError, SpecError
from model.estimator.background import Background
from model.estimator.explaining import Direction, Explained, Explainer
from model.heads import CHURN, Churn, Head, head_from_json, head_to_json
from model.names import clipped
from model.network.blend import Blend, read_network
from model.network.network import Network
from model.parsing import escape
from model.storage import pack, sha256, unpack

FORMAT = 2


@dataclass(frozen=True, eq=False)
class Estimator:
    """Maps a customer's columns to a prediction. It is trained, saved, versioned and served as a whole.

    The head defines the prediction: a churn probability, the probabilities of classes, or a number. `left_out` names
    columns of the training table that are not inputs, such as constant columns; records may still contain them.
    """

    encoder: Encoder
    network: Network | Blend
    background: Background
    target: str
    id_column: str | None
    left_out: tuple[str, ...]
    spec: Mapping[str, Any]
    metrics: Mapping[str, Any]
    warnings: tuple[Mapping[str, Any], ...] = ()
    head: Head = CHURN
    phrases: Mapping[str, Phrase] = field(default_factory=dict)

    def read(self, columns: Mapping[str, Raw], n: int) -> tuple[Table, RowProblems]:
        """Return the cells of the columns, and the problems by row. An invalid value counts as missing.

        Raises: ColumnError when a column does not have `n` values.
        """
        return self.encoder.read(columns, n)

    def unknown(self, names: Iterable[str]) -> list[str]:
        """Return the names that are not columns of the training table."""
        return [name for name in names if name not in self.known]

    @cached_property
    def known(self) -> frozenset[str]:
        """The names of the columns of the training table."""
        ids = () if self.id_column is None else (self.id_column,)
        return frozenset((*self.encoder.names, *self.left_out, self.target, *ids))

    @property
    def read_as(self) -> Mapping[str, str]:
        """How the file of the training table was read; empty for UTF-8 with commas."""
        read_as: Mapping[str, str] = self.metrics.get("read_as", {})
        return read_as

    def check(self, record: Mapping[str, object]) -> list[Problem]:
        """Return the problems of one record: wrong types, numbers not finite or out of range, unknown columns."""
        _, problems = self.read({name: [value] for name, value in record.items()}, 1)
        return [*map(unknown_column, self.unknown(record)), *problems.rows.get(0, [])]

    def log_odds(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> Floats:
        """Return the log-odds of churn, shape (n,).

        A record gets the same bits alone, in any batch and at any position.

        Raises: EstimatorError when the target is not churn; ColumnError when a value cannot be used. `read` returns all
        problems, and a table to score.
        """
        if not isinstance(self.head, Churn):
            raise EstimatorError(f"the target {self.target!r} is not who churned: it has predictions, but no log-odds")
        return self._scaled(self._design(columns, n))

    def predict(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> Floats:
        """Return churn probabilities (n,), the probabilities of classes (n, c), or predicted numbers (n,).

        Raises: ColumnError when a value cannot be used. `read` returns all problems, and a table to score.
        """
        return self.head.predictions(self.network.logits(self._design(columns, n)))

    def explain(
        self,
        columns: Mapping[str, Raw] | Table,
        n: int | None = None,
        top: int | None = None,
        direction: Direction | None = None,
    ) -> Explained:
        """Return the `top` largest reasons of each row (by default all), the largest first, and the gap.

        All reasons of a row and its gap sum to its log-odds less those of the baseline. The gap is rounding. With a
        direction, only the reasons that raise the log-odds are returned, or those that lower them.

        Raises: EstimatorError when the target is a class.
        """
        table = self._table(columns, n)
        return self._explainer.explain(table, self._design(table, None), top, direction)

    def contributions(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> Floats:
        """Return the contribution of each column to the log-odds or predicted number, shape (n, columns).

        Columns are in the order of `encoder.names`.

        Raises: EstimatorError when the target is a class.
        """
        return self._explainer.contributions(self._design(columns, n))

    def unseen(self, columns: Mapping[str, Raw] | Table, n: int | None = None) -> dict[str, int]:
        """Return the number of rows of each categorical column whose category was rare or absent in training."""
        return self.encoder.unseen(self._table(columns, n))

    @property
    def baseline_customer(self) -> Mapping[str, Scalar]:
        """The customer that reasons compare with; if that is the average, a customer with typical values."""
        return self.background.customer

    @cached_property
    def baseline_log_odds(self) -> float:
        """The log-odds of churn, or the predicted number, of the baseline: the mean over the background."""
        return self._explainer.baseline_log_odds

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.encoder, self.network, self.head, self.background, self.phrases)

    def _scaled(self, X: Floats) -> Floats:
        return self.head.scaled(self.network.logits(X))

    def _table(self, columns: Mapping[str, Raw] | Table, n: int | None) -> Table:
        if isinstance(columns, Table):
            return columns
        table, problems = self.read(columns, len(next(iter(columns.values()))) if n is None else n)
        for row, found in sorted(problems.rows.items()):
            raise ColumnError(f"record {row}: {found[0].detail}")
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
            "reasons": self.background.to_json(),
            "phrases": {name: asdict(phrase) for name, phrase in self.phrases.items()},
        }
        arrays = {f"network.{name}": array for name, array in self.network.arrays().items()}
        return pack(header, {**arrays, "baseline": self.background.rows})

    @classmethod
    def from_bytes(cls, data: bytes) -> "Estimator":
        """Return the estimator that `to_bytes` wrote.

        Raises: EstimatorError when the bytes are damaged, of another release, or not an estimator.
        """
        try:
            header, arrays = unpack(data)
        except FileError as error:
            raise EstimatorError(str(error)) from error
        if header.get("format") != FORMAT:
            raise EstimatorError(f"this is not an estimator of format {FORMAT}: train it again with this version")
        try:
            parameters = {name.removeprefix("network."): array for name, array in arrays.items() if name != "baseline"}
            encoder = Encoder.from_json(header["columns"])
            return cls(
                encoder=encoder,
                network=read_network(header["layers"], parameters),
                background=Background.from_json(header.get("reasons"), arrays["baseline"], encoder),
                target=header["target"],
                id_column=header["id"],
                left_out=tuple(header["left_out"]),
                spec=header["spec"],
                metrics=header["metrics"],
                warnings=tuple(header["warnings"]),
                head=head_from_json(header["head"]),
                phrases={name: Phrase(**words) for name, words in header.get("phrases", {}).items()},
            )
        except (SpecError, ShapeError) as error:
            raise EstimatorError(f"this estimator does not fit this release: train it again ({error})") from error
        except (KeyError, TypeError) as error:
            raise EstimatorError(f"this estimator lacks {error}: fetch or train it again") from error

    @cached_property
    def weights_sha256(self) -> str:
        """The SHA-256 digest of `to_bytes()`, with which any tool can check a downloaded file."""
        return sha256(self.to_bytes())


def unknown_column(name: str) -> Problem:
    """Return the problem of a record with a column that training never saw."""
    return Problem(
        f"/{escape(name)}", "unknown_column", f"column {clipped(name)!r} is unknown: training saw no such column"
    )
