"""Makes a call list of a file: whom to call, the most profitable first, with reasons and the file's own columns.

The file is read twice. The first reading scores every row and chooses customers; the second explains those alone.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from model.campaign import ContactPlan, Economics, plan_contacts
from model.columns.cells import Days, Flags, Numbers, Scalar, Words
from model.columns.encoder import Raw
from model.columns.numbers import parse_number
from model.columns.target import parse_outcome
from model.design import Floats
from model.errors import EstimatorError
from model.estimator import Estimator, Reason
from model.heads import Churn
from model.scoring import ScoredChunk, score_chunk
from model.tables.opening import How, Source
from model.tables.reader import TableChunk, read_chunks

MOST_CALLS = 10_000
"""The most customers of a list."""


@dataclass(frozen=True)
class CallListOptions:
    """What a call costs and brings, and whom to leave out.

    With a `value_column`, a customer is worth `value_times` this column in place of the economics' value. Customers
    whose `churned_column` says that they have left are not called; None calls them, too.
    """

    economics: Economics
    value_column: str | None = None
    value_times: float = 1.0
    churned_column: str | None = None
    explain: int = 3

    @classmethod
    def from_json(cls, wanted: Mapping[str, Any], explain: int, churned_column: str | None) -> "CallListOptions":
        """Return the options of a scoring job."""
        economics = Economics(
            customer_value=float(wanted["customer_value"] or 0),
            offer_cost=float(wanted["offer_cost"]),
            contact_cost=float(wanted["contact_cost"]),
            acceptance=float(wanted["acceptance"]),
            budget=wanted["budget"],
            capacity=wanted["capacity"],
        )
        column = None if wanted["with_churned"] else churned_column
        return cls(economics, wanted["value_column"], float(wanted["value_times"]), column, explain)


@dataclass(frozen=True)
class CallListSummary:
    """The totals of a call list, and the number of rows that were left out for each reason.

    `worth_calling` counts the customers whose expected profit is above zero, before the limits of the campaign.
    `threshold` is the churn probability from which a call pays; None if there is none, or if values differ. `id_name`
    is the column of the ids, "row" where the rows are numbered. `columns` are the others of the file.
    """

    customers: int
    worth_calling: int
    churned: int
    without_value: int
    expected_cost: float
    expected_profit: float
    threshold: float | None
    id_name: str
    columns: Sequence[str]

    def to_json(self) -> dict[str, Any]:
        """Return the totals in the form of a job's result."""
        return {**asdict(self), "columns": list(self.columns)}


@dataclass
class CallList:
    """A call list that is being made: exhaust `rank`, then `explain`, then take `lines` and `summary`.

    Columns of the file that the estimator does not read are repeated as they are written.
    """

    estimator: Estimator
    source: Source
    how: How
    options: CallListOptions
    _plan: ContactPlan | None = None
    _worth_calling: int = 0
    _churned: int = 0
    _without_value: int = 0
    _probabilities: list[Floats] = field(default_factory=list)
    _values: list[Floats] = field(default_factory=list)
    _names: dict[str, None] = field(default_factory=dict)
    _id_name: str = "row"
    _lines: dict[int, str] = field(default_factory=dict)

    def rank(self) -> Iterator[ScoredChunk]:
        """Score the file chunk by chunk, and choose the customers after the last one.

        Raises: EstimatorError where the estimator does not predict churn; as `score_file` does.
        """
        if not isinstance(self.estimator.head, Churn):
            raise EstimatorError(f"the target {self.estimator.target!r} is not who churned: a call list needs churn")
        left_out: list[np.ndarray] = []
        for chunk in self._chunks():
            self._names |= dict.fromkeys(chunk.names)
            self._id_name = "row" if chunk.ids is None else self.estimator.id_column or "row"
            scored = score_chunk(self.estimator, chunk)
            values = self._values_of(chunk, scored)
            churned = self._has_churned(chunk)
            invalid = np.zeros(chunk.rows, bool)
            invalid[list(scored.problems)] = True
            self._churned += int(churned.sum())
            self._without_value += int((np.isnan(values) & ~churned & ~invalid).sum())
            left_out.append(np.flatnonzero(churned | invalid | np.isnan(values)) + chunk.first_row - 1)
            self._probabilities.append(scored.probabilities)
            self._values.append(values)
            yield scored
        self._choose(np.concatenate(left_out) if left_out else np.zeros(0, int))

    def _choose(self, left_out: np.ndarray) -> None:
        p = np.concatenate(self._probabilities) if self._probabilities else np.zeros(0)
        values = np.concatenate(self._values) if self._values else np.zeros(0)
        plan = plan_contacts(p, self.options.economics, left_out.tolist(), values)
        worth = np.array(plan.profits) > 0.0
        worth[left_out] = False
        self._worth_calling, self._plan = int(worth.sum()), plan
        self._probabilities, self._values = [p], [values]

    def explain(self) -> Iterator[int]:
        """Explain the chosen customers; yield the number of rows that were read, after each chunk.

        Raises: as `rank` does.
        """
        chosen = np.sort(np.array(self._ranked.chosen, int))
        for chunk in self._chunks() if len(chosen) else ():
            first = chunk.first_row - 1
            rows = chosen[(chosen >= first) & (chosen < first + chunk.rows)] - first
            if len(rows):
                self._explain(chunk, rows)
            yield first + chunk.rows

    def _explain(self, chunk: TableChunk, rows: np.ndarray) -> None:
        cells, _ = self.estimator.read(chunk.columns, chunk.rows)
        explained = self.estimator.explain(cells.take(rows), top=self.options.explain, direction="raising")
        for row, reasons in zip(rows.tolist(), explained.reasons, strict=True):
            self._lines[chunk.first_row - 1 + row] = self._line(chunk, row, reasons)

    def _line(self, chunk: TableChunk, row: int, reasons: Sequence[Reason]) -> str:
        place = chunk.first_row - 1 + row
        line = {
            "row" if chunk.ids is None else "customer_id": place + 1 if chunk.ids is None else chunk.ids[row],
            "churn_probability": float(self._probabilities[0][place]),
            "customer_value": float(self._values[0][place]),
            "expected_profit": self._ranked.profits[place],
            "reasons": [reason.to_json() for reason in reasons],
            "customer": {name: _scalar(raw, row) for name, raw in chunk.columns.items()},
        }
        return json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    def lines(self) -> Iterator[bytes]:
        """Yield the list as NDJSON, the most profitable customer first."""
        for row in self._ranked.chosen:
            yield self._lines[row].encode() + b"\n"

    def summary(self) -> CallListSummary:
        """Return the totals."""
        plan = self._ranked
        return CallListSummary(
            customers=len(plan.chosen),
            worth_calling=self._worth_calling,
            churned=self._churned,
            without_value=self._without_value,
            expected_cost=plan.expected_cost,
            expected_profit=plan.expected_profit,
            threshold=None if self.options.value_column else self.options.economics.threshold,
            id_name=self._id_name,
            columns=list(self._names),
        )

    @property
    def _ranked(self) -> ContactPlan:
        assert self._plan is not None  # noqa: S101 - `rank` has ended
        return self._plan

    def _chunks(self) -> Iterator[TableChunk]:
        texts = self.estimator.encoder.texts | self._repeated
        return read_chunks(self.source, self.how, texts, self.estimator.id_column)

    @cached_property
    def _repeated(self) -> frozenset[str]:
        """The columns of the file's first rows that are only repeated."""
        found = read_chunks(self.source, self.how, (), self.estimator.id_column, wanted=())
        names = next((chunk.names for chunk in found), ())
        return frozenset(names) - {
            *self.estimator.encoder.names,
            str(self.options.value_column),
            str(self.options.churned_column),
        }

    def _values_of(self, chunk: TableChunk, scored: ScoredChunk) -> Floats:
        name = self.options.value_column
        if name is None:
            return np.full(chunk.rows, self.options.economics.customer_value)
        cells = scored.cells.columns.get(name)
        values = cells.values if isinstance(cells, Numbers) else _numbers(chunk.columns[name], chunk.rows)
        return np.where(np.isfinite(values), values, np.nan) * self.options.value_times

    def _has_churned(self, chunk: TableChunk) -> np.ndarray:
        name = self.options.churned_column
        if name is None or name not in chunk.columns:
            return np.zeros(chunk.rows, bool)
        raw = chunk.columns[name]
        if isinstance(raw, Words):
            meaning = np.array([*map(parse_outcome, raw.words), np.nan])
            return np.asarray(meaning[raw.codes] == 1.0)
        return np.array([_scalar(raw, row) == 1 for row in range(chunk.rows)], bool)


def _numbers(raw: Raw, rows: int) -> Floats:
    """Return the numbers of a column that the estimator does not read; NaN for other values."""
    if isinstance(raw, Numbers):
        return raw.values
    values = [_scalar(raw, row) for row in range(rows)]
    return np.array([parse_number(str(value)) if not isinstance(value, bool) else np.nan for value in values])


def _scalar(raw: Raw, row: int) -> Scalar:
    """Return a cell as a JSON value; None for a number that JSON does not have."""
    if isinstance(raw, Numbers | Flags | Days | Words):
        value: Any = raw.scalar(row)
    else:
        value = raw[row].item() if isinstance(raw, np.ndarray) else raw[row]
    found: Scalar = None if isinstance(value, float) and not math.isfinite(value) else value
    return found
