"""The pages of jobs: filters in the address, live states, logs of attempts, actions, and curves."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page, expect

from store.audit import list_audit
from store.job_states import JobState
from store.jobs.cancel import cancel
from store.jobs.finish import fail
from tests.pages.browsing import Site, assert_accessible
from tests.store.world import World, epoch, make_world

Open = Callable[..., AbstractContextManager[Page]]
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
LAYERS = [{"name": "1.weights", "gradient_norm": 0.1, "update_ratio": 0.01}]


@pytest.fixture(scope="module")
def world(site: Site) -> World:
    return make_world(site.database, name=HOSTILE)


@pytest.fixture
def failed(world: World) -> str:
    mine = world.start(world.queue(model="broken"))
    world.database.write(lambda connection: fail(connection, mine, code="bad_table", text=f"no such column {HOSTILE}"))
    return mine.job_id


def test_filters_live_in_the_address_and_combine(open_page: Open, world: World, failed: str) -> None:
    waiting = world.queue(model="patient")
    with open_page("/jobs") as page:
        expect(page.locator(f"#job-{failed}")).to_be_visible()
        page.get_by_label("State").select_option("failed")
        expect(page.locator(f"#job-{waiting}")).to_have_count(0)
        page.get_by_label("Search").fill("BROK")
        expect(page).to_have_url(re.compile("text=BROK.*state=failed"))
        expect(page.locator(f"#job-{failed}")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Search")).to_have_value("BROK")
        expect(page.locator(f"#job-{failed}")).to_be_visible()
        assert_accessible(page)


def test_the_filters_work_without_scripts(open_page: Open, world: World, failed: str) -> None:
    with open_page("/jobs", java_script_enabled=False) as page:
        page.get_by_label("Model").fill("broken")
        page.get_by_role("button", name="Filter").click()
        expect(page).to_have_url(re.compile("model=broken"))
        expect(page.locator(f"#job-{failed}")).to_be_visible()


def test_states_are_live_until_the_reader_pauses(open_page: Open, world: World) -> None:
    job = world.queue(model="lively")
    with open_page("/jobs?model=lively") as page:
        row = page.locator(f"#job-{job}")
        expect(row).to_contain_text("queued")
        mine = world.start(job)
        expect(row).to_contain_text("running")
        page.get_by_label("Pause updates").check()
        world.succeed(mine)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for _ in range(3):
            page.evaluate("htmx.trigger('#jobs', 'every')")
        expect(row).to_contain_text("running")
        assert asked == []
        page.get_by_label("Pause updates").uncheck()
        expect(row).to_contain_text("succeeded")


def test_chosen_jobs_are_cancelled_after_a_confirmation(open_page: Open, world: World) -> None:
    chosen, other = [world.queue(model="bulk") for _ in range(2)], world.queue(model="bulk")
    with open_page("/jobs?model=bulk") as page:
        for job in chosen:
            page.locator(f"#job-{job}").get_by_role("checkbox").check()
        asked: list[str] = []

        def answer(dialog) -> None:
            asked.append(dialog.message)
            dialog.accept() if len(asked) > 1 else dialog.dismiss()

        page.on("dialog", answer)
        page.get_by_role("button", name="Cancel the chosen").click()
        assert all(world.row(job).state == JobState.QUEUED for job in chosen)
        page.get_by_role("button", name="Cancel the chosen").click()
        for job in chosen:
            expect(page.locator(f"#job-{job}")).to_contain_text("cancelled")
    assert asked == ["Cancel 2 chosen jobs? What they have done is lost."] * 2
    assert world.row(other).state == JobState.QUEUED
    with world.database.read() as connection:
        lines = list_audit(connection, action="job.cancelled", page_size=10).rows
    assert {line.subject for line in lines} >= set(chosen)


def test_a_refusal_is_told_beside_the_button(open_page: Open, world: World) -> None:
    job = world.queue(model="refused")
    with open_page(f"/jobs/{job}", allowed="status of 409") as page:
        page.get_by_label("Pause updates").check()
        mine = world.start(job)
        world.succeed(mine)
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("alert")).to_contain_text("succeeded")


def test_a_failed_job_is_retried_from_its_page(open_page: Open, world: World, failed: str) -> None:
    with open_page(f"/jobs/{failed}") as page:
        expect(page.get_by_text("no such column")).to_be_visible()
        page.get_by_role("button", name="Retry").click()
        expect(page).not_to_have_url(re.compile(failed))
        expect(page.get_by_role("link", name=failed)).to_be_visible()


def test_names_and_messages_are_text_and_never_markup(open_page: Open, failed: str) -> None:
    for path in ("/jobs", f"/jobs/{failed}"):
        with open_page(path) as page:
            expect(page.get_by_text(HOSTILE).first).to_be_visible()
            assert page.locator("img[src='x']").count() == 0


def test_each_attempt_has_a_log_to_view_and_download(open_page: Open, world: World) -> None:
    job = world.queue(model="logged")
    first = world.start(job, worker="host-a:1")
    world.beat(first, new_epochs=[epoch(1), epoch(2)])
    world.expire(job)
    world.alter(job, run_after=world.row(job).created_at)
    second = world.start(job, worker="host-b:2")
    world.beat(second, new_epochs=[epoch(3)])
    world.succeed(second)
    with open_page(f"/jobs/{job}") as page:
        expect(page.get_by_text("queued, lease lost")).to_be_visible()
        with page.expect_download() as downloading:
            page.get_by_label("Download the log of attempt 1").click()
        assert downloading.value.suggested_filename == f"job-{job}-attempt-1.log"
        lines = downloading.value.path().read_text().splitlines()
        assert lines[0] == f"job {job}, attempt 1, worker host-a:1"
        assert [line.split()[1] for line in lines if line.startswith("epoch ")] == ["1", "2"]
        page.get_by_label("View the log of attempt 2").click()
        expect(page.locator("body")).to_contain_text("epoch 3 learning_rate=0.01")
        assert "epoch 2" not in page.content()


def test_a_training_draws_its_curves_while_it_runs(open_page: Open, world: World) -> None:
    job = world.queue(model="drawn")
    mine = world.start(job)
    world.beat(mine, new_epochs=[epoch(number, layers=LAYERS) for number in (1, 2)])
    with open_page(f"/jobs/{job}") as page:
        note = page.locator("[data-curves-note]")
        expect(note).to_contain_text("Epoch 2: training loss 0.5000")
        expect(page.locator("figure.chart canvas")).to_have_count(4)
        world.beat(mine, new_epochs=[epoch(3, train_loss=0.25)])
        expect(note).to_contain_text("Epoch 3: training loss 0.2500")
        assert_accessible(page)
        world.succeed(mine)
        expect(page.get_by_role("link", name=re.compile(r"Version \d+"))).to_be_visible()
        expect(note).to_contain_text("Epoch 3")


def test_a_cancelled_job_says_so(open_page: Open, world: World) -> None:
    job = world.queue(model="stopped", kind="scoring")
    with open_page(f"/jobs/{job}") as page:
        world.database.write(lambda connection: cancel(connection, job, by="somebody"))
        expect(page.locator("#state")).to_contain_text("cancelled")
        expect(page.get_by_role("button", name="Retry")).to_be_visible()
