"""Customers' ids as answers show them; `model.ids` says what an id is."""

from model.ids import unfit_ids


def shown(value: object) -> str | int | None:
    """Return an id to recognise a refused record by, unless the id itself is what is wrong."""
    fit = isinstance(value, str | int) and not isinstance(value, bool) and not unfit_ids([value], "")
    return value if fit else None  # type: ignore[return-value]
