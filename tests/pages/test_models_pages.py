"""The pages of models in a browser: versions, aliases that move, what differs, and the glass box."""

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from model.estimator import Estimator
from model.glass_box import open_glass_box
from store.audit import list_audit
from store.registry.versions import load_estimator
from tests.pages.browsing import Site, check_looks
from tests.pages.conftest import Open
from tests.pages.registry import SPECS, promote, register, train

PATHS = (
    "/models",
    "/models/churn",
    "/models/churn/versions/3",
    "/models/churn/compare?versions=1,2&customers=true&threshold=0.3",
    "/models/churn/versions/1/glass-box",
    "/models/churn/versions/2/glass-box?member=2",
)


@pytest.fixture(scope="module", autouse=True)
def _registry(site: Site) -> None:
    """Three versions of a model; the champion moved from the first to the second."""
    for spec in SPECS:
        register(site.database, site.settings, "churn", train(spec))
    promote(site.database, "churn", 1, 2)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_accessible_and_fits_its_screen(browser: Browser, site: Site, path: str) -> None:
    check_looks(browser, site.url + path)


def champion_row(page: Page) -> str:
    """Return the name of the version with the badge of the champion."""
    return (
        page.get_by_role("row")
        .filter(has=page.get_by_text("champion", exact=True))
        .get_by_role("rowheader")
        .inner_text()
    )


def test_a_version_is_promoted_and_rolled_back_by_a_click(open_page: Open, site: Site) -> None:
    with open_page("/models/churn") as page:
        page.on("dialog", lambda dialog: dialog.accept())
        assert champion_row(page) == "version 2"
        page.get_by_role("button", name="Promote version 3").click()
        expect(page.get_by_role("button", name="Roll back to version 2")).to_be_visible()
        assert champion_row(page) == "version 3"
        page.get_by_role("button", name="Roll back to version 2").click()
        expect(page.get_by_text("rollback of 3")).to_be_visible()
        assert champion_row(page) == "version 2"
    with site.database.read() as connection:
        moved = list_audit(connection, page_size=10, action="alias.moved").rows
    assert [row.data["to"] for row in moved[:2]] == [2, 3]


def test_an_alias_that_somebody_else_moved_is_told_beside_the_button(open_page: Open, site: Site) -> None:
    with open_page("/models/churn/versions/3", allowed="status of 412") as page:
        page.on("dialog", lambda dialog: dialog.accept())
        page.evaluate("document.querySelector('form[data-action]').dataset.headerIfMatch = '\"1\"'")
        with page.expect_response(lambda answer: answer.status == 412):
            page.get_by_role("button", name="Promote version 3").click()
        expect(page.get_by_role("alert")).to_contain_text("the condition of the request does not hold")


def test_a_version_that_no_alias_needs_is_deleted(open_page: Open, site: Site) -> None:
    for _ in range(2):
        register(site.database, site.settings, "spare", train(SPECS[0]))
    with open_page("/models/spare/versions/1") as page:
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete version 1").click()
        expect(page).to_have_url(f"{site.url}/models/spare")
        expect(page.get_by_role("link", name="version 2", exact=True)).to_be_visible()
        expect(page.get_by_role("link", name="version 1", exact=True)).to_have_count(0)


def test_only_what_differs_is_beside_each_other(open_page: Open) -> None:
    with open_page("/models/churn/compare?versions=1,2") as page:
        facts = page.get_by_role("region", name="Versions side by side").get_by_role("rowheader").all_inner_texts()
        assert {"aliases", "auc", "spec: layers", "spec: members", "spec: seed"} <= set(facts)
        assert not {"target", "dataset", "columns", "spec: epochs", "spec: loss"} & set(facts)
        page.get_by_role("button", name="Score by both").click()
        expect(page.get_by_text("customers of the table that version 2 was trained on")).to_be_visible()


def test_the_glass_box_shows_the_numbers_of_the_engine(open_page: Open, site: Site) -> None:
    with site.database.read() as connection:
        estimator = Estimator.from_bytes(load_estimator(connection, "churn", 1))
    with open_page("/models/churn/versions/1/glass-box?customer=c-0007") as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("Glass box: customer c-0007")
        values = dict(zip(page.locator("dt").all_text_contents(), page.locator("dd").all_text_contents(), strict=True))
        record = {name: [float(value)] for name, value in values.items()}
        box = open_glass_box(estimator, estimator.read(record, 1)[0], churned=True)
        page.get_by_label("Outcome").select_option("left")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text(f"ŷ − y = {box.probability - 1:+.4f}")).to_be_visible()
        assert page.locator("svg.drawing").first.locator("circle.ring").count() == 4 + 6 + 4 + 1
        cells = page.locator("[aria-label='Layer 1: relu: the numbers'] td").all_text_contents()
        shown = np.array(list(map(float, cells))).reshape(6, 2)
        np.testing.assert_allclose(shown[:, 0], box.layers[1].output[0], rtol=1e-3)
        np.testing.assert_allclose(shown[:, 1], box.layers[1].delta[0], rtol=1e-3)


def test_the_pages_can_be_read_without_scripts(open_page: Open) -> None:
    with open_page("/models/churn", java_script_enabled=False) as page:
        expect(page.get_by_role("link", name="version 3", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Promote version 3")).to_be_hidden()
        page.get_by_role("link", name="Compare version 3 with the champion").click()
        expect(page.get_by_role("heading", name="What differs")).to_be_visible()
