"""Answers about customers that also have the id under the name that the dataset gives it."""

from functools import lru_cache
from typing import Any

import msgspec
from msgspec import NODEFAULT


@lru_cache(maxsize=1024)
def with_own_id(shape: type[msgspec.Struct], name: str) -> type[Any] | None:
    """Return the struct with one more member before all others: the id, under this name.

    Return None if the struct has a member of that name already, such as `customer_id`.

    Example:
        >>> class Called(msgspec.Struct):
        ...     customer_id: str
        >>> msgspec.json.encode(with_own_id(Called, "cid")("c-1", "c-1"))
        b'{"cid":"c-1","customer_id":"c-1"}'
        >>> with_own_id(Called, "customer_id")
    """
    members = msgspec.structs.fields(shape)
    if name in {member.encode_name for member in members}:
        return None
    own = [("own_id", str | int | None)]
    others = [
        (member.name, member.type) if member.default is NODEFAULT else (member.name, member.type, member.default)
        for member in members
    ]
    return msgspec.defstruct(shape.__name__, [*own, *others], rename={"own_id": name}, gc=False)
