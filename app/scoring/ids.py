"""Customers' ids: the column they are in, and how answers show them. `model.ids` says what an id is."""

from model.estimator import Estimator
from model.ids import invalid_ids

CUSTOMER_ID = "customer_id"


def id_column(estimator: Estimator) -> str:
    """Return the column of a request that identifies customers."""
    return estimator.id_column or CUSTOMER_ID


def shown(value: object) -> str | int | None:
    """Return an id to recognise a refused record by, unless the id itself is the fault."""
    fit = isinstance(value, str | int) and not isinstance(value, bool) and not invalid_ids([value], "")
    return value if fit else None  # type: ignore[return-value]
