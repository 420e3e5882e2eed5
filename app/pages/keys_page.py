"""The page of API keys, for readers with the scope `admin`."""

from flask import Response

from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.services import Services
from store.keys import Scope, list_keys

MEANINGS: dict[Scope, str] = {
    "score": "score customers",
    "read": "see everything but the audit log; the pages need it",
    "train": "upload, train, compare, evaluate",
    "promote": "move aliases",
    "admin": "everything, keys and the audit log too",
}


def show_keys_page(services: Services) -> Response:
    """Return the page of API keys, the newest first."""
    with services.database.read() as connection:
        rows = list_keys(connection)
    return render_page("keys", keys=rows[::-1], scopes=MEANINGS)


ROUTES = (page_route("/keys", show_keys_page, "API keys", scope="admin"),)
