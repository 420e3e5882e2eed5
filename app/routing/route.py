"""A route: the URL map, the check of scopes and the OpenAPI document are made from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
from flask import Response

from app.schemas.field_types import NoQuery

JSON = "application/json"


@dataclass(frozen=True)
class Header:
    """A header that a route reads, or sends with answers `of` these statuses; an empty `of` means all."""

    name: str
    description: str
    type: Any = str
    required: bool = False
    of: tuple[int, ...] = ()


LOCATION = Header("Location", "the URL of the resource", required=True)


@dataclass(frozen=True)
class Route:
    """One method at one path.

    `path` is in OpenAPI's notation. A route whose `scope` is None requires no key. A key with one of `or_scopes` may
    call it too; the view then checks the scope of what is asked. A `browsed` route also accepts the key as a password,
    because a browser can ask for no other. A `page` is for people: it is in no contract, and its errors are pages. A
    route that answers `in_outages` accepts a key that was valid when the database last answered. `answers` maps a
    status to the struct of its body, to a media type if the body is bytes, or to None if there is no body; `also` lists
    further media types of the body. `refusals` lists the statuses of its problems, beside those of every route. The
    view is called with the services, the names in the path, `query` if the route has parameters, and `body` if it has
    one and accepts no uploads.
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
    page: bool = False
    in_outages: bool = False

    @cached_property
    def name(self) -> str:
        """The name of the operation, which is that of its view."""
        return self.view.__name__
