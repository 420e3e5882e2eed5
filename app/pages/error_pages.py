"""The errors of pages: a browser gets a page in place of problem+json, or the login where it has no session."""

from http import HTTPStatus as Status
from urllib.parse import urlencode

import msgspec
from flask import Response

from app.edge.exchange import Exchange, Hooks
from app.edge.problems import PROBLEM_JSON
from app.pages.login import LOGIN, local_address
from app.pages.page_route import HTML
from app.pages.rendering import HEADERS, page_text
from app.schemas.problem_details import ProblemDetails


def install(hooks: Hooks) -> None:
    """Turn the problems of pages, and of addresses that browsers open, into pages."""
    hooks.after_refusal(_show)


def _show(exchange: Exchange, response: Response) -> None:
    if response.mimetype != PROBLEM_JSON or not _is_for_people(exchange):
        return
    response.headers.update(HEADERS)
    if exchange.request.path != LOGIN and response.status_code == Status.UNAUTHORIZED:
        response.status_code = Status.SEE_OTHER
        response.headers["Location"] = f"{LOGIN}?" + urlencode({"next": exchange.request.full_path.rstrip("?")})
        del response.headers["WWW-Authenticate"]
        response.set_data("")
        response.mimetype = HTML
        return
    problem = msgspec.json.decode(response.get_data(), type=ProblemDetails)
    response.set_data(_text(exchange, problem))
    response.mimetype = HTML


def _text(exchange: Exchange, problem: ProblemDetails) -> str:
    if exchange.request.path == LOGIN:
        return page_text("login", target=local_address(exchange.request.form.get("next", "")), error=problem.detail)
    return page_text("problem", problem=problem)


def _is_for_people(exchange: Exchange) -> bool:
    """Return whether the request is for a page, or a browser opened an address that no route has."""
    if exchange.route is not None:
        return exchange.route.page
    return exchange.request.method in ("GET", "HEAD") and "text/html" in exchange.request.headers.get("Accept", "")
