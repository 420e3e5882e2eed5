"""The documents list exactly the routes and settings of the code."""

import re
from pathlib import Path

from app.routing.route_table import ROUTES
from store.settings import VARIABLES, Settings

DOCS = Path(__file__).parents[2] / "docs"


def test_every_route_is_in_the_tour_and_every_route_of_the_tour_is_there() -> None:
    text = (DOCS / "api.md").read_text()
    shown = {path for path in re.findall(r"`(?:GET|POST|PUT) (/[^`?]*)", text) if path}
    shown |= {re.sub(r"\$JOB\b", "{job_id}", path) for path in re.findall(r"\$URL(/v1/[\w$/]+)", text)}
    shown = {path.replace("/churn/", "/{name}/").replace("/champion", "/{alias}") for path in shown}
    shown = {re.sub(r"/versions/\d+", "/versions/{version}", path) for path in shown}
    shown |= set(re.findall(r"`(/livez|/readyz)`", text))
    assert shown == {route.path for route in ROUTES}


def test_the_settings_are_documented_with_their_defaults() -> None:
    text = (DOCS / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, flags=re.MULTILINE))
    assert rows.keys() == VARIABLES.keys()
    written = {name: cell.strip("`") for name, cell in rows.items() if cell.startswith("`") and "$" not in cell}
    assert len(written) >= 10
    for variable, default in written.items():
        value = getattr(Settings(), VARIABLES[variable][0])
        value = ",".join(value) if isinstance(value, tuple) else value
        assert default == (f"{value:g}" if isinstance(value, float) else str(value)), variable
