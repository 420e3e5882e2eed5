"""The documents name the routes and settings that there are, all of them and nothing else."""

import doctest
import re
from pathlib import Path

from app.server.route_table import ROUTES
from scripts import write_reference
from store.settings import VARIABLES, Settings

DOCS = Path(__file__).parents[2] / "docs"
NAMED = re.compile(r"\b(GET|POST|PUT|DELETE) (/[\w/{}.-]*)")


def test_the_reference_is_what_the_routes_make_it() -> None:
    page = write_reference.PAGE.read_text(encoding="utf-8")
    assert page == write_reference.write_page(page), "run .venv/bin/python -m scripts.write_reference"


def test_the_examples_of_the_reference_s_script_run() -> None:
    results = doctest.testmod(write_reference)
    assert (results.failed, results.attempted > 0) == (0, True)


def test_the_guides_name_only_routes_that_there_are() -> None:
    known = {(route.method, route.path) for route in ROUTES}
    pages = [*DOCS.glob("*.md"), *DOCS.glob("guides/*.md")]
    named = {found for page in pages for found in NAMED.findall(page.read_text(encoding="utf-8"))}
    assert named - known == set()


def test_every_route_under_v1_is_explained_in_a_guide() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCS.glob("guides/*.md"))
    told = set(NAMED.findall(text))
    assert {(route.method, route.path) for route in ROUTES if route.path.startswith("/v1/")} - told == set()


def test_the_settings_are_documented_with_their_defaults() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, flags=re.MULTILINE))
    assert rows.keys() == VARIABLES.keys()
    assert set(re.findall(r"^- `(\w+)`: ", text, flags=re.MULTILINE)) == VARIABLES.keys()
    written = {name: cell.strip("`") for name, cell in rows.items() if cell.startswith("`") and "$" not in cell}
    assert len(written) >= 10
    for variable, default in written.items():
        value = getattr(Settings(), VARIABLES[variable][0])
        value = ",".join(value) if isinstance(value, tuple) else int(value) if isinstance(value, bool) else value
        assert default == (f"{value:g}" if isinstance(value, float) else str(value)), variable
