"""One request's customers through one estimator: a probability or an error for each, in their order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from app.edge.json_pointer import pointer
from app.edge.problems import MOST_FAULTS
from app.errors import InputError, TooLargeError
from app.scoring.customers import Customers
from app.scoring.ids import id_column, shown
from app.scoring.options import Options
from model.campaign import ContactPlan, Economics, plan_contacts
from model.errors import EstimatorError, Problem
from model.estimator import Estimator, Explained, unknown_column
from model.heads import Churn
from model.ids import invalid_ids

CHUNK_CELLS = 2**18
"""How many numbers of the design matrix are in memory at a time."""

MOST_REASONS = 1_000_000

Id = str | int | None


@dataclass(frozen=True)
class ScoreResults:
    """The scores of all customers; `wrong` says by row why a customer has none.

    `unseen` and `imputed` count by column the values that training did not know, and those that were missing.
    """

    ids: Sequence[Id]
    probabilities: Sequence[float]
    wrong: Mapping[int, Problem]
    explained: Explained | None
    economics: Economics | None
    plan: ContactPlan | None
    unseen: dict[str, int]
    imputed: dict[str, int]


@dataclass(frozen=True)
class _Chunk:
    """What the estimator says of some consecutive rows; `faults` are by row of the request."""

    probabilities: list[float]
    faults: dict[int, Problem]
    explained: Explained | None
    unseen: dict[str, int]
    imputed: dict[str, int]


def score_customers(estimator: Estimator, customers: Customers, options: Options) -> ScoreResults:
    """Score every customer that can be scored, and say of the others why not.

    Raises: InputError when none can be scored; TooLargeError for more reasons than one answer holds; EstimatorError
    when the estimator does not predict churn.
    """
    if not isinstance(estimator.head, Churn):
        raise EstimatorError(f"the target {estimator.target!r} is not who churned; `ebb score` predicts it for files")
    _check_reasons(customers.n, min(options.explain, len(estimator.encoder.names)))
    name = id_column(estimator)
    ids: Any = customers.columns([name], slice(None)).get(name, [None] * customers.n)
    wrong = invalid_ids(ids, pointer(name)) | _unknown(customers, estimator)
    wrong.update(customers.broken)
    step = max(1, CHUNK_CELLS // len(estimator.encoder.features))
    chunks = [
        _score(estimator, customers, range(start, min(start + step, customers.n)), options.explain, wrong)
        for start in range(0, customers.n, step)
    ]
    for chunk in chunks:
        wrong.update(chunk.faults)
    probabilities = [*chain(*(chunk.probabilities for chunk in chunks))]
    return ScoreResults(
        ids=[shown(value) if row in wrong else value for row, value in enumerate(ids)] if wrong else ids,
        probabilities=probabilities,
        wrong=_placed(wrong, customers),
        explained=_joined([chunk.explained for chunk in chunks if chunk.explained is not None]),
        economics=options.economics,
        plan=None if options.economics is None else plan_contacts(probabilities, options.economics, wrong),
        unseen=_summed([chunk.unseen for chunk in chunks]),
        imputed=_summed([chunk.imputed for chunk in chunks]),
    )


def _check_reasons(customers: int, reasons: int) -> None:
    if customers * reasons > MOST_REASONS:
        raise TooLargeError(
            f"{reasons:,} reasons for each of {customers:,} customers are more than the {MOST_REASONS:,} of one "
            "answer; ask for fewer with explain, or send several requests"
        )


def _unknown(customers: Customers, estimator: Estimator) -> dict[int, Problem]:
    """Find the customers with a column that training never saw: most likely its name is misspelt."""
    known, ids = estimator.known, id_column(estimator)
    names = customers.unknown(known if ids in known else known | {ids})
    problems = {name: unknown_column(name) for name in set(names.values())}
    return {row: problems[name] for row, name in names.items()}


def _score(estimator: Estimator, customers: Customers, rows: range, explain: int, wrong: Collection[int]) -> _Chunk:
    """Score some consecutive rows; those that are `wrong` are not counted as unseen or imputed."""
    columns = customers.columns(estimator.encoder.names, slice(rows.start, rows.stop))
    table, faults = estimator.read(columns, len(rows))
    scored = table
    if wrong or faults.rows:
        scored = table.without([place for place, row in enumerate(rows) if row in wrong or place in faults.rows])
    return _Chunk(
        probabilities=estimator.predict(table).tolist(),
        faults={rows[place]: problems[0] for place, problems in faults.rows.items()},
        explained=estimator.explain(table, top=explain) if explain else None,
        unseen=estimator.unseen(scored),
        imputed=scored.missing(),
    )


def _joined(parts: Sequence[Explained]) -> Explained | None:
    """Put the reasons of all chunks together."""
    if not parts:
        return None
    return Explained([*chain(*(part.reasons for part in parts))], [*chain(*(part.gaps for part in parts))])


def _summed(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Add counts by column; columns without any are not named."""
    names = dict.fromkeys(chain(*counts))
    return {name: total for name in names if (total := sum(each.get(name, 0) for each in counts))}


def _placed(wrong: Mapping[int, Problem], customers: Customers) -> dict[int, Problem]:
    """Return the problems by row, in the order of the rows, with pointers into the request.

    Raises: InputError when all rows have one.
    """
    problems = (
        (row, Problem(customers.place(row, problem.pointer), problem.code, problem.detail))
        for row, problem in sorted(wrong.items(), key=itemgetter(0))
    )
    if len(wrong) == customers.n:
        told = (problem for _, problem in islice(problems, MOST_FAULTS))
        raise InputError("none of the customers can be scored; see errors", told)
    return dict(problems)
