"""The direction of reasons in requests."""

from app.errors import InputError
from model.errors import Problem
from model.estimator import Direction


def check_direction(direction: Direction | None, explain: int | None, place: str) -> None:
    """Refuse a direction without reasons.

    Raises: InputError, with this pointer.
    """
    if direction is not None and not explain:
        raise InputError.of([Problem(place, "conflict", "needs explain, the number of reasons")])
