"""A version's model card, as JSON or as Markdown."""

from flask import Response, request

from app.edge.responses import conditional, json_answer
from app.model_card import Card, build_card, to_markdown
from app.routing.paths import VERSION
from app.routing.route import JSON, Route
from app.services import Services
from model.estimator import Estimator
from store.datasets import get_dataset
from store.registry.aliases import list_aliases
from store.registry.versions import get_version, load_estimator

MARKDOWN = "text/markdown"


def show_card(services: Services, name: str, version: int) -> Response:
    """Return a version's model card; as Markdown if Accept prefers that."""
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        dataset = get_dataset(connection, row.dataset_id, gone_too=True)
        aliases = [alias.alias for alias in list_aliases(connection, name) if alias.version == version]
        estimator = Estimator.from_bytes(load_estimator(connection, name, version))
    card = build_card(row, dataset, estimator, aliases)
    markdown = request.accept_mimetypes.best_match((JSON, MARKDOWN), JSON) == MARKDOWN
    answer = Response(to_markdown(card), mimetype=MARKDOWN) if markdown else json_answer(card)
    answer.vary.add("Accept")
    return conditional(answer)


ROUTES = (
    Route(
        "GET", f"{VERSION}/card", show_card, "read", "Read the model card", {200: Card}, (404, 409), also=(MARKDOWN,)
    ),
)
