"""The groups of operations in the document: generators make a module of each, and /docs a section."""

import re

from app.routing.route import Route

TAGS = {
    "scoring": "Score customers in one request.",
    "datasets": "Upload tables, read what was recognised in them, download and delete them.",
    "jobs": "Train, score whole tables, sweep; follow, cancel and retry jobs; fetch their results.",
    "models": "Registered models, their versions, and what each version is.",
    "aliases": "Move an alias to a version, roll it back, and see who moved it when.",
    "webhooks": "Be told when a job ends or an alias moves.",
    "keys": "Make, list and revoke API keys.",
    "audit": "Who did what, and when.",
    "operations": "Health, metrics, and this document.",
}
"""The tags in the order of the document, with their descriptions."""

PLACES = (
    (r"/v1/models/[^/]*/score", "scoring"),
    (r"/v1/models/.*/(replay|evaluate)", "jobs"),
    (r"/v1/models/.*/aliases/.*", "aliases"),
    (r"/v1/(?P<tag>\w+).*", ""),
    (".*", "operations"),
)
"""Patterns of paths with their tags; the first that fits decides."""


def tag_of(route: Route) -> str:
    """Return the tag of a route, by its path."""
    for pattern, tag in PLACES:
        if found := re.fullmatch(pattern, route.path):
            return tag or found["tag"]
    raise AssertionError(route.path)


def list_tags(used: set[str]) -> list[dict[str, str]]:
    """Return the tag objects of these tags, in the order of the document."""
    return [{"name": tag, "description": text} for tag, text in TAGS.items() if tag in used]
