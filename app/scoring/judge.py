"""One request's customers through one estimator: an answer for each, in their order."""

import re
from collections.abc import Sequence

from msgspec import UNSET

from app.edge.pointers import last_name, pointer
from app.errors import InputError
from app.scoring.customers import Customers
from app.scoring.economics import decide
from app.shapes.problems import Fault
from app.shapes.scores import Economics, Reason, Score
from model.errors import Problem
from model.estimator import Estimator

CUSTOMER_ID = "customer_id"
LONGEST_ID = 256
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def judge(
    estimator: Estimator, customers: Customers, *, explain: int = 0, economics: Economics | None = None
) -> list[Score]:
    """Score every customer that can be scored, and say of the others why not.

    Raises: InputError when none can be scored, or whole columns are unknown.
    """
    id_column = estimator.id_column or CUSTOMER_ID
    inputs = {name: values for name, values in customers.columns.items() if name != id_column}
    table, faults = estimator.read(inputs, customers.n)
    ids = customers.columns.get(id_column, [None] * customers.n)
    wrong: dict[int, Problem] = _unfit_ids(ids, pointer(id_column))
    wrong |= _unknown(estimator, customers, inputs)
    wrong |= {row: problems[0] for row, problems in faults.rows.items()}
    if len(wrong) == customers.n:
        raise InputError(
            "none of the customers can be scored; see errors",
            [_placed(wrong[row], customers, row) for row in range(customers.n)],
        )
    probabilities = estimator.predict(table).tolist()
    reasons = estimator.explain(table, top=explain) if explain else None
    return [
        Score(customer_id=_shown(ids[row]), error=Fault(problem.pointer, problem.code, problem.detail))
        if (problem := row in wrong and _placed(wrong[row], customers, row))
        else Score(
            customer_id=ids[row],  # type: ignore[arg-type]  # _unfit_ids saw to it
            churn_probability=probabilities[row],
            reasons=[Reason(r.column, r.value, r.contribution) for r in reasons[row]] if reasons else UNSET,
            decision=decide(probabilities[row], economics) if economics else UNSET,
        )
        for row in range(customers.n)
    ]


def _unknown(estimator: Estimator, customers: Customers, inputs: dict[str, Sequence[object]]) -> dict[int, Problem]:
    """Find values of columns that training never saw: most likely a name is misspelt."""
    wrong: dict[int, Problem] = {}
    for problem in estimator.check(dict.fromkeys(inputs)):
        wrong |= dict.fromkeys(customers.bringing(last_name(problem.pointer)), problem)
    return wrong


def _unfit_ids(ids: Sequence[object], place: str) -> dict[int, Problem]:
    wrong = {}
    for row, value in enumerate(ids):
        if isinstance(value, str):
            if len(value) > LONGEST_ID or _CONTROL.search(value):
                text = f"an id has at most {LONGEST_ID} characters and no control characters"
                wrong[row] = Problem(place, "id", text)
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            wrong[row] = Problem(place, "id", "an id is a text or a whole number")
    return wrong


def _placed(problem: Problem, customers: Customers, row: int) -> Problem:
    return Problem(customers.place(row, problem.pointer), problem.code, problem.detail)


def _shown(value: object) -> str | int | None:
    """Return an id to recognise a refused record by, unless the id itself is what is wrong."""
    fit = isinstance(value, str | int) and not isinstance(value, bool) and not _unfit_ids([value], "")
    return value if fit else None  # type: ignore[return-value]
