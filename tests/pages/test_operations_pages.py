"""The page of operations tells what is wrong, and the page of keys makes and revokes them."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from playwright.sync_api import Page, expect

from store.jobs.finish import fail
from store.keys import find_caller
from store.workers import register_worker
from tests.pages.browsing import Site
from tests.store.world import make_world

Open = Callable[..., AbstractContextManager[Page]]


def test_operations_show_workers_queues_broker_and_errors(open_page: Open, site: Site) -> None:
    world = make_world(site.database)
    world.queue(kind="sweep")
    mine = world.start(world.queue(model="broken"))
    world.database.write(lambda connection: fail(connection, mine, code="bad_table", text="no column is left"))
    world.database.write(lambda connection: register_worker(connection, "host-a:7", ["training"], job_bytes=10**9))
    with open_page("/operations") as page:
        expect(page.get_by_text("does not answer")).to_be_visible()  # this site has no broker
        queue = page.get_by_role("row").filter(has=page.get_by_role("link", name="sweep", exact=True))
        expect(queue).to_contain_text("no worker runs this kind")
        expect(page.get_by_role("row").filter(has_text="host-a:7")).to_contain_text("1.0 GB")
        expect(page.get_by_text("no column is left")).to_be_visible()
        expect(page.get_by_text("job.submitted").first).to_be_visible()


def test_a_key_is_made_shown_once_and_revoked(open_page: Open, site: Site) -> None:
    with open_page("/keys") as page:
        page.get_by_label("Owner").fill("the <b>CRM</b>")
        page.get_by_label("score: score customers").check()
        page.get_by_label("Days until it expires").fill("30")
        page.get_by_role("button", name="Make the key").click()
        shown = page.locator("output")
        expect(shown).to_have_text(re.compile(r"ebb_[0-9a-f]{8}_[0-9a-f]{48}"))
        key = shown.inner_text()
        with site.database.read() as connection:
            caller = find_caller(connection, key)
        assert caller is not None
        assert caller.scopes == {"read", "score"}
        page.reload()
        assert key.split("_")[2] not in page.content()
        row = page.get_by_role("row").filter(has_text=key.split("_")[1])
        expect(row).to_contain_text("the <b>CRM</b>")
        page.on("dialog", lambda dialog: dialog.accept())
        row.get_by_role("button").click()
        expect(row).to_contain_text("revoked")
    with site.database.read() as connection:
        assert find_caller(connection, key) is None
