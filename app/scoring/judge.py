"""One request's customers through one estimator: a verdict on each, in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.edge.pointers import last_name, pointer
from app.errors import InputError
from app.scoring.customers import CUSTOMER_ID, Customers
from app.scoring.ids import shown
from app.scoring.options import Options
from model.campaign import Economics, Plan, plan
from model.columns.tally import missing, without
from model.errors import EstimatorError, Problem
from model.estimator import Estimator, Explained
from model.heads import Churn
from model.ids import unfit_ids

Id = str | int | None


@dataclass(frozen=True)
class Verdicts:
    """What is said of each customer; `wrong` tells of whom nothing can be said, and why.

    `unseen` and `imputed` count by column the values that training did not know, and those that were missing.
    """

    ids: Sequence[Id]
    probabilities: Sequence[float]
    wrong: Mapping[int, Problem]
    explained: Explained | None
    economics: Economics | None
    plan: Plan | None
    unseen: dict[str, int]
    imputed: dict[str, int]


def judge(estimator: Estimator, customers: Customers, options: Options) -> Verdicts:
    """Score every customer that can be scored, and say of the others why not.

    Raises: InputError when none can be scored; EstimatorError when the estimator does not tell who churns.
    """
    if not isinstance(estimator.head, Churn):
        raise EstimatorError(f"the target {estimator.target!r} is not who churned; `ebb score` predicts it for files")
    id_column = estimator.id_column or CUSTOMER_ID
    ids: Any = customers.columns.get(id_column, [None] * customers.n)
    table, faults = estimator.read(customers.columns, customers.n)
    wrong = unfit_ids(ids, pointer(id_column)) | _unknown(estimator, customers, id_column)
    wrong |= {row: problems[0] for row, problems in faults.rows.items()}
    wrong |= customers.broken
    scored = table
    if wrong:
        wrong = {row: _placed(wrong[row], customers, row) for row in sorted(wrong)}
        if len(wrong) == customers.n:
            raise InputError("none of the customers can be scored; see errors", wrong.values())
        ids = [shown(value) if row in wrong else value for row, value in enumerate(ids)]
        scored = without(table, wrong)
    probabilities = estimator.predict(table)
    return Verdicts(
        ids=ids,
        probabilities=probabilities.tolist(),
        wrong=wrong,
        explained=estimator.explain(table, top=options.explain) if options.explain else None,
        economics=options.economics,
        plan=None if options.economics is None else plan(probabilities, options.economics, wrong),
        unseen={name: count for name, count in estimator.unseen(scored).items() if count},
        imputed=missing(scored),
    )


def _unknown(estimator: Estimator, customers: Customers, id_column: str) -> dict[int, Problem]:
    """Find values of columns that training never saw: most likely a name is misspelt."""
    wrong: dict[int, Problem] = {}
    names = [name for name in estimator.unknown(customers.columns) if name != id_column]
    for problem in estimator.check(dict.fromkeys(names)) if names else ():
        wrong |= dict.fromkeys(customers.bringing(last_name(problem.pointer)), problem)
    return wrong


def _placed(problem: Problem, customers: Customers, row: int) -> Problem:
    return Problem(customers.place(row, problem.pointer), problem.code, problem.detail)
