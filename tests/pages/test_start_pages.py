"""The way from a file to a call list, in a browser."""

import base64
import re
import time
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.pages.training_page import error_curve
from ebb.customers import customers
from store.jobs.finish import fail
from store.jobs.read import get_job, list_jobs
from store.rows import JobRow
from tests.pages.browsing import PHONE, WAIT_MS, Site, assert_accessible, opened
from tests.store.world import World, epoch
from worker.attempt import Attempts
from worker.warm_process import ProcessStarter

Open = Callable[..., AbstractContextManager[Page]]
TABLE = customers(400, seed=8).to_csv().encode()
HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"
DROP = """([form, files]) => {
  const moved = new DataTransfer();
  for (const [name, text] of files) {
    moved.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
  }
  form.dispatchEvent(new DragEvent("drop", { dataTransfer: moved, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def run_next(site: Site) -> Callable[[], JobRow]:
    """Return a function that waits for a job in the queue, runs it as a worker does, and returns it."""
    attempts = Attempts(site.settings, site.database, "w1", ProcessStarter(site.settings))

    def run() -> JobRow:
        job = queued(site)
        attempts.run(job.id)
        with site.database.read() as connection:
            return get_job(connection, job.id)

    return run


def queued(site: Site) -> JobRow:
    deadline = time.monotonic() + WAIT_MS / 1000
    while True:
        with site.database.read() as connection:
            rows = list_jobs(connection, states=("queued",), page_size=1).rows
        if rows:
            return rows[0]
        assert time.monotonic() < deadline, "no job was submitted"
        time.sleep(0.05)


def drop(page: Page, *files: tuple[str, bytes]) -> None:
    form = page.locator("form[data-drop]").element_handle()
    page.evaluate(DROP, [form, [[name, base64.b64encode(data).decode()] for name, data in files]])


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_a_dropped_file_becomes_a_downloaded_list_on_a_phone(
    open_page: Open, run_next: Callable[[], JobRow], tmp_path: Path
) -> None:
    with open_page("/", viewport=PHONE) as page:
        drop(page, ("Kunden.csv", TABLE))
        heading(page, "Who left?")
        expect(page.get_by_role("radio", name="churned")).to_be_checked()
        expect(page.get_by_label("Which column names the customer?")).to_have_value("customer_id")
        assert_accessible(page)
        page.get_by_role("button", name="Next").click()
        heading(page, "Check the columns")
        assert_accessible(page)
        page.get_by_role("button", name="Find out who will leave").click()
        heading(page, "Learning from your customers")
        assert_accessible(page)
        training = page.url
        assert run_next().kind == "training"
        heading(page, "Making your call list")
        made = run_next()
        heading(page, f"Call these {made.result['call_list']['customers']} customers")
        assert_accessible(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download for Excel").click()
        download.value.save_as(tmp_path / "list.xlsx")
        with zipfile.ZipFile(tmp_path / "list.xlsx") as book:
            assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == made.result["call_list"]["customers"] + 1
        page.goto(training)
        page.get_by_role("link", name="Open the call list").click()
        page.wait_for_url(f"**/calls/{made.id}")  # the same list: none was submitted again


@pytest.fixture(scope="module")
def listed(browser: Browser, site: Site, run_next: Callable[[], JobRow]) -> str:
    """The path of a call list of the made-up customers."""
    with opened(browser, site.url) as page:
        page.get_by_role("button", name="Try it with 2,000 made-up customers").click()
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Find out who will leave").click()
        run_next()
        run_next()
        heading(page, "Call these 200 customers")
        return page.url.removeprefix(site.url)


def test_the_numbers_change_and_the_list_with_them(
    open_page: Open, run_next: Callable[[], JobRow], listed: str
) -> None:
    with open_page(listed) as page:
        page.get_by_text("Change the numbers").click()
        assert_accessible(page)
        expect(page.get_by_label("times")).to_be_hidden()
        page.get_by_label("A customer is worth", exact=True).select_option("monthly_charge")
        page.get_by_label("times").fill("12")
        page.get_by_label("How many can you call?").fill("5")
        page.get_by_role("button", name="Make this list").click()
        wanted = run_next().params["call_list"]
        assert (wanted["value_column"], wanted["value_times"], wanted["customer_value"]) == ("monthly_charge", 12, None)
        heading(page, "Call these 5 customers")
        page.get_by_text("Change the numbers").click()
        page.get_by_label("Share that accepts").fill("0")
        page.get_by_role("button", name="Make this list").click()
        run_next()
        heading(page, "No call is worth its cost")
        assert_accessible(page)


def test_the_list_is_searched_filtered_and_turned_without_scripts(open_page: Open, listed: str) -> None:
    with open_page(listed, java_script_enabled=False) as page:
        expect(page.locator("table.calls tbody tr")).to_have_count(50)
        last = page.locator("table.calls tbody tr").last.locator("th").inner_text()
        page.get_by_role("link", name="Next").click()
        expect(page.get_by_text("Page 2 of 4")).to_be_visible()
        page.get_by_label("Search the list").fill(last)
        page.get_by_role("button", name="Show").click()
        expect(page.locator("table.calls tbody tr")).to_have_count(1)
        page.get_by_label("Search the list").fill("")
        page.get_by_label("Reason").select_option("months")
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("link", name="Download as CSV")).to_have_attribute("href", re.compile("&reason=months"))


def test_what_is_no_table_is_refused_with_a_sentence(open_page: Open) -> None:
    with open_page("/") as page:
        drop(page, ("a.csv", TABLE), ("b.csv", TABLE))
        expect(page.get_by_role("alert")).to_have_text("Drop one file at a time.")
        drop(page, ("months.csv", b"months,charge\n1,20\n2,30\n"))
        expect(page.get_by_text("No column of this file says yes or no")).to_be_visible()
        assert_accessible(page)


def test_kinds_that_are_chosen_are_those_of_the_training(open_page: Open, site: Site) -> None:
    table = TABLE.decode().replace("months", HOSTILE, 1).encode()
    with open_page("/") as page:
        drop(page, ("k.csv", table))
        page.get_by_role("button", name="Next").click()
        page.get_by_label(HOSTILE).select_option("leave out")
        page.get_by_label("support_tickets").select_option("category")
        page.get_by_role("button", name="Find out who will leave").click()
        heading(page, "Learning from your customers")
        job = queued(site)
        chosen = job.params["spec"]["columns"]
        assert chosen[HOSTILE]["drop"] is True
        assert chosen["support_tickets"]["kind"] == "categorical"
        page.on("dialog", lambda question: question.accept())
        page.get_by_role("button", name="Stop").click()
        heading(page, "Learning has stopped")


def test_a_training_that_fails_says_why_and_leads_back(open_page: Open, site: Site) -> None:
    with open_page("/") as page:
        drop(page, ("f.csv", TABLE))
        page.get_by_role("button", name="Next").click()
        page.get_by_role("button", name="Find out who will leave").click()
        heading(page, "Learning from your customers")
        job = queued(site)
        world = World(site.database, job.dataset_id)
        mine = world.start(job.id)
        world.beat(mine, new_epochs=[epoch(1), epoch(2)])
        expect(page.locator("polyline")).to_have_count(1)
        site.database.write(lambda connection: fail(connection, mine, code="spec", text=f"column {HOSTILE} is odd"))
        heading(page, "Learning has stopped")
        expect(page.get_by_text(f"The training stopped: column {HOSTILE} is odd")).to_be_visible()
        page.get_by_role("link", name="Go back to the columns").click()
        heading(page, "Check the columns")


def test_todays_customers_are_listed_by_what_was_learned_before(
    open_page: Open, run_next: Callable[[], JobRow], listed: str
) -> None:
    today = b"\n".join(line.rpartition(b",")[0] for line in TABLE.splitlines()) + b"\n"
    with open_page("/") as page:
        drop(page, ("today.csv", today))
        page.get_by_role("button", name="Make a call list with “demo-customers”").click()
        run_next()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Call these")
        page.get_by_role("link", name="Call list", exact=True).click()
        heading(page, "Call lists")
        expect(page.get_by_role("link", name="today")).to_be_visible()
        assert_accessible(page)


def test_a_file_whose_values_cannot_be_used_is_told_and_not_called_worthless(
    open_page: Open, run_next: Callable[[], JobRow], listed: str
) -> None:
    head, *lines = TABLE.decode().splitlines()
    place = head.split(",").index("months")
    spoilt = [
        ",".join([*cells[:place], "three months", *cells[place + 1 :]]) for cells in (x.split(",") for x in lines)
    ]
    with open_page("/") as page:
        drop(page, ("spoilt.csv", "\n".join([head, *spoilt]).encode()))
        page.get_by_role("button", name="Make a call list with “demo-customers”").click()
        run_next()
        heading(page, "No row of the file can be used")
        expect(page.get_by_text("The first is row 1: column 'months': 'three months' is not a number")).to_be_visible()
        assert_accessible(page)


def test_the_curve_falls_from_the_top_to_the_bottom() -> None:
    made = [epoch(number, valid_loss=loss) for number, loss in enumerate([0.7, 0.5, 0.6], start=1)]
    assert error_curve(made) == "0.0,5.0 300.0,155.0 600.0,80.0"
    assert error_curve(made[:1]) == ""
