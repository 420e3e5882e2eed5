"""Scores the customers of a request: a probability or an error for each, in their order."""

import math
import time
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter

import msgspec

from app.edge.problems import MOST_PROBLEMS
from app.errors import InputError, TooLargeError
from app.scoring.customers import Customers, id_names, read_ids, shown_id
from model.campaign import ContactPlan, Economics, plan_contacts
from model.columns import Numbers
from model.columns.encoder import Raw
from model.errors import EstimatorError, Problem
from model.estimator import Direction, Estimator, Explained, Reason, unknown_column
from model.heads import Churn

CHUNK_CELLS = 2**18
"""The largest number of cells of the design matrix in memory at a time."""

MOST_REASONS = 1_000_000
EXPLAINED_ROWS = 128
"""The largest number of customers who are explained between two looks at the clock."""
SURE_SECONDS = 1.0
"""The time of work from which the time of the rest can be estimated."""

Id = str | int | None


@dataclass(frozen=True)
class Options:
    """How many reasons each customer gets, in which direction, and the economics of a contact."""

    explain: int = 0
    direction: Direction | None = None
    economics: Economics | None = None


def check_direction(direction: Direction | None, explain: int | None, place: str) -> None:
    """Refuse a direction without reasons.

    Raises: InputError, with this pointer.
    """
    if direction is not None and not explain:
        raise InputError.of([Problem(place, "conflict", "needs explain, the number of reasons")])


@dataclass(frozen=True)
class ScoreResults:
    """The scores of all customers; `problems` holds by row the problem of a customer without a score.

    `id_name` is the name of the dataset's column with the ids; `customer_id` if it has none.
    `unseen` counts by column the categories unknown to training, `imputed` the missing values.
    """

    id_name: str
    ids: Sequence[Id]
    probabilities: Sequence[float]
    problems: Mapping[int, Problem]
    explained: Explained | None
    economics: Economics | None
    plan: ContactPlan | None
    unseen: dict[str, int]
    imputed: dict[str, int]


class _Scores:
    """The results of the rows that are scored; `problems` are by row of the request."""

    def __init__(self, estimator: Estimator, customers: Customers, options: Options) -> None:
        self._estimator = estimator
        self._customers = customers
        self._options = options
        self.probabilities: list[float] = []
        self.problems: dict[int, Problem] = {}
        self.reasons: list[list[Reason]] = []
        self.gaps: list[float] = []
        self.unseen: dict[str, int] = {}
        self.imputed: dict[str, int] = {}

    def add(self, rows: range, invalid: Collection[int]) -> None:
        """Score the next rows; `invalid` ones are not counted as unseen or imputed."""
        estimator = self._estimator
        columns = self._customers.columns(estimator.encoder.names, slice(rows.start, rows.stop))
        if len(rows) > 1:
            columns = _with_numbers(columns, estimator.encoder.texts)
        table, row_problems = estimator.read(columns, len(rows))
        counted = table
        if invalid or row_problems.rows:
            counted = table.without(
                [place for place, row in enumerate(rows) if row in invalid or place in row_problems.rows]
            )
        self.probabilities += estimator.predict(table).tolist()
        for place, problems in row_problems.rows.items():
            self.problems[rows[place]] = problems[0]
        if self._options.explain:
            explained = estimator.explain(table, top=self._options.explain, direction=self._options.direction)
            self.reasons += explained.reasons
            self.gaps += explained.gaps
        self.unseen = _summed(self.unseen, estimator.unseen(counted))
        self.imputed = _summed(self.imputed, counted.missing())


def score_customers(
    estimator: Estimator, customers: Customers, options: Options, seconds: float = math.inf
) -> ScoreResults:
    """Score every valid customer, and return the problems of the others.

    Raises: InputError when none can be scored; TooLargeError for more reasons than one answer holds, or than can be
    computed in these seconds; EstimatorError when the estimator does not predict churn.
    """
    if not isinstance(estimator.head, Churn):
        raise EstimatorError(f"the target {estimator.target!r} is not who churned; `ebb score` predicts it for files")
    _check_reasons(customers.n, min(options.explain, len(estimator.encoder.names)))
    names = id_names(estimator)
    ids, problems = read_ids(customers, names)
    problems |= _unknown(customers, estimator.known.union(names))
    problems.update(customers.problems)
    step = max(1, CHUNK_CELLS // len(estimator.encoder.features))
    if options.explain:
        step = min(step, EXPLAINED_ROWS)
    scores, begun = _Scores(estimator, customers, options), time.monotonic()
    for start in range(0, customers.n, step):
        stop = min(start + step, customers.n)
        scores.add(range(start, stop), problems)
        if options.explain:
            _check_time(stop, customers.n, time.monotonic() - begun, seconds)
    problems.update(scores.problems)
    return ScoreResults(
        id_name=names[0],
        ids=[shown_id(value) if row in problems else value for row, value in enumerate(ids)] if problems else ids,
        probabilities=scores.probabilities,
        problems=_placed(problems, customers) if problems else {},
        explained=Explained(scores.reasons, scores.gaps) if options.explain else None,
        economics=options.economics,
        plan=None if options.economics is None else plan_contacts(scores.probabilities, options.economics, problems),
        unseen=scores.unseen,
        imputed=scores.imputed,
    )


def _check_reasons(customers: int, reasons: int) -> None:
    if customers * reasons > MOST_REASONS:
        raise TooLargeError(
            f"{reasons:,} reasons for each of {customers:,} customers are more than the {MOST_REASONS:,} of one "
            "answer; ask for fewer with explain, or send several requests"
        )


def _check_time(done: int, customers: int, taken: float, seconds: float) -> None:
    """Refuse what would take longer than these seconds, as soon as that can be told."""
    expected = taken * customers / done
    if taken > min(SURE_SECONDS, seconds) and expected > seconds:
        raise TooLargeError(
            f"the reasons of {customers:,} customers would take about {expected:.0f} s, and this request has "
            f"{seconds:.0f} s: send at most {max(1, int(done * seconds / taken)):,} customers a request, or submit a "
            "scoring job"
        )


def _unknown(customers: Customers, known: Set[str]) -> dict[int, Problem]:
    """Return the problems of customers with a column that is not known; its name is probably misspelt."""
    names = customers.unknown(known)
    problems = {name: unknown_column(name) for name in set(names.values())}
    return {row: problems[name] for row, name in names.items()}


def _with_numbers(columns: Mapping[str, Raw], texts: Set[str]) -> dict[str, Raw]:
    """Return lists of numbers as cells, except those of columns of texts; msgspec checks the types of lists fastest."""
    return {name: values if name in texts else _numbers(values) for name, values in columns.items()}


def _numbers(values: Raw) -> Raw:
    try:
        return Numbers.of(msgspec.convert(values, list[float | None]))
    except (msgspec.ValidationError, OverflowError):  # the encoder says what is wrong with a value
        return values


def _summed(some: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Add counts by column; columns without any are not named."""
    return {name: count for name in {**some, **more} if (count := some.get(name, 0) + more.get(name, 0))}


def _placed(problems: Mapping[int, Problem], customers: Customers) -> dict[int, Problem]:
    """Return the problems by row, in the order of the rows, with pointers into the request.

    Raises: InputError when all rows have one.
    """
    placed = (
        (row, Problem(customers.place(row, problem.pointer), problem.code, problem.detail))
        for row, problem in sorted(problems.items(), key=itemgetter(0))
    )
    if len(problems) == customers.n:
        first = (problem for _, problem in islice(placed, MOST_PROBLEMS))
        raise InputError("none of the customers can be scored; see errors", first)
    return dict(placed)
