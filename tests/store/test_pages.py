"""Pages of lists neither skip nor repeat rows while others are added."""

import base64
from pathlib import Path
from uuid import uuid4

import pytest

from store.artifacts import Artifact
from store.datasets import NewDataset, add_dataset, list_datasets
from store.errors import NotFoundError, PageTokenError
from store.jobs.read import list_epochs, list_jobs
from store.pages import PAGE_BYTES, after_token
from store.registry.versions import list_versions
from tests.store.world import World, epoch


def _jobs(world: World, token: str | None = None, **wanted: str) -> tuple[list[str], str | None]:
    with world.database.read() as connection:
        page = list_jobs(connection, page_size=2, page_token=token, **wanted)
    return [row.id for row in page.rows], page.next_token


def test_pages_give_every_row_once_the_newest_first(world: World) -> None:
    ids = [world.queue() for _ in range(5)]
    found, token = _jobs(world)
    while token is not None:
        more, token = _jobs(world, token)
        assert 1 <= len(more) <= 2
        found += more
    assert found == ids[::-1]


def test_added_rows_do_not_shift_the_next_page(world: World) -> None:
    ids = [world.queue() for _ in range(4)]
    _, token = _jobs(world)
    world.queue()
    assert _jobs(world, token) == ([ids[1], ids[0]], None)


def test_a_full_last_page_is_the_last(world: World) -> None:
    for _ in range(2):
        world.queue()
    assert _jobs(world)[1] is None


def test_an_empty_list_is_an_empty_page(world: World) -> None:
    assert _jobs(world) == ([], None)


def test_pages_keep_their_filters(world: World) -> None:
    waiting, running, scoring = world.queue(), world.start().job_id, world.queue(kind="scoring")
    assert _jobs(world, states=["running"])[0] == [running]
    assert _jobs(world, kinds=["scoring"])[0] == [scoring]
    assert _jobs(world, states=["queued"], kinds=["training"])[0] == [waiting]


def test_a_page_of_large_rows_is_cut_by_their_bytes(world: World) -> None:
    text, artifact = "x" * (PAGE_BYTES * 2 // 5), Artifact("0" * 64, 1, Path("unread"))
    for size in (1, 1, 1, 5, 1, 0):  # the fourth is larger than a page
        schema = {"columns": [{"name": text * size}]}
        facts = NewDataset("large", "text/csv", f"churned {uuid4()}", "", rows=1, schema=schema)
        world.database.write(lambda connection, facts=facts: add_dataset(connection, artifact, facts))
    found, token = [], None
    with world.database.read() as connection:
        while True:
            page = list_datasets(connection, page_size=1000, page_token=token)
            mine = [row for row in page.rows if row.name == "large"]
            found.append([len(row.schema["columns"][0]["name"]) // len(text) for row in mine])
            if (token := page.next_token) is None:
                break
    assert found == [[0, 1], [5], [1, 1], [1]]


def test_epochs_come_in_pages_the_first_epoch_first(world: World) -> None:
    mine = world.start()
    world.beat(mine, new_epochs=[epoch(number) for number in range(12)])
    with world.database.read() as connection:
        first = list_epochs(connection, mine.job_id, page_size=10)
        second = list_epochs(connection, mine.job_id, page_size=10, page_token=first.next_token)
    assert [row.epoch for row in [*first.rows, *second.rows]] == list(range(12))


def test_epochs_of_a_job_that_does_not_exist_are_not_found(world: World) -> None:
    with world.database.read() as connection, pytest.raises(NotFoundError):
        list_epochs(connection, "none", page_size=10)


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


BAD = ["!", "é", "abcde", "A===", "YQ==", "Y Q", "YR", _encoded("\x00"), _encoded("a\nb"), "_w"]
BAD_NUMBERS = ["seven", "-1", "+7", " 7", "1_0", "７", "2147483648", "9" * 30, "9" * 5000, "7.0", ""]


@pytest.mark.parametrize("token", BAD)
def test_an_unknown_page_token_is_refused(token: str) -> None:
    with pytest.raises(PageTokenError, match="start again without it"):
        after_token(token)


@pytest.mark.parametrize("text", BAD_NUMBERS, ids=range(len(BAD_NUMBERS)))
def test_a_token_without_a_rows_number_is_refused_where_one_is_due(text: str) -> None:
    with pytest.raises(PageTokenError):
        after_token(_encoded(text), whole=True)


def test_a_token_of_another_list_is_refused_or_harmless(world: World) -> None:
    world.succeed(world.start())
    with world.database.read() as connection, pytest.raises(PageTokenError):
        list_versions(connection, "churn", page_size=1, page_token=_encoded(world.dataset_id))
