"""The first page."""

from flask import Response

from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.services import Services


def show_start(services: Services) -> Response:
    """Return the first page."""
    return render_page("start")


ROUTES = (page_route("/", show_start, "Start"),)
