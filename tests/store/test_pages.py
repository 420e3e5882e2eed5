"""Pages of lists neither skip nor repeat rows while others are added."""

import base64

import pytest

from store.errors import NotFoundError, PageTokenError
from store.jobs.read import list_epochs, list_jobs
from store.pages import after_token
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


def test_rows_added_meanwhile_do_not_move_the_next_page(world: World) -> None:
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


def test_pages_keep_to_the_state_and_kind_asked_for(world: World) -> None:
    waiting, running, scoring = world.queue(), world.start().job_id, world.queue(kind="scoring")
    assert _jobs(world, states=["running"])[0] == [running]
    assert _jobs(world, kinds=["scoring"])[0] == [scoring]
    assert _jobs(world, states=["queued"], kinds=["training"])[0] == [waiting]


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
def test_a_token_nobody_gave_out_is_refused(token: str) -> None:
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
