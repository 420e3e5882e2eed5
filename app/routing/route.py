"""A route: one line of the contract, from which the URL map, the access check and the OpenAPI document are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import Response

from app.schemas.field_types import NoQuery

JSON = "application/json"


@dataclass(frozen=True)
class Header:
    """A header of this type that a route reads, or sends with answers `of` these statuses, or of all."""

    name: str
    description: str
    type: Any = str
    required: bool = False
    of: tuple[int, ...] = ()


@dataclass(frozen=True)
class Route:
    """One method at one path.

    `path` is in OpenAPI's notation. A route whose `scope` is None asks for no key anywhere; `or_scopes` open it, too,
    for some of what it does, and the view demands the one that is needed. One that is `browsed` takes the key as a
    password as well, which is the only way in which a browser asks for one. One that answers `in_outages` takes a key
    that was valid when the database last answered. `answers` maps a status to
    the struct it carries, to a media type where it carries bytes, or to None where it carries nothing; `also` names
    other media types that they come in, as asked for. `refusals` are the statuses it may refuse with
    beside those that every route may. The view is called with the services, the names in the path, `query`, and `body`
    where the route has one and takes no uploads beside.
    """

    method: str
    path: str
    view: Callable[..., Response]
    scope: str | None
    summary: str
    answers: Mapping[int, type[msgspec.Struct] | str | None]
    refusals: tuple[int, ...] = ()
    query: type[msgspec.Struct] = NoQuery
    body: type[msgspec.Struct] | None = None
    uploads: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    headers: tuple[Header, ...] = ()
    answer_headers: tuple[Header, ...] = ()
    or_scopes: tuple[str, ...] = ()
    browsed: bool = False
    in_outages: bool = False

    @property
    def name(self) -> str:
        """The operation's name: that of its view."""
        return self.view.__name__
