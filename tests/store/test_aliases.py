"""T13: an alias moves when the caller knows its revision, and the history has every move."""

import pytest

from store.errors import NotFoundError, StaleRevisionError
from store.registry.aliases import AliasUpdate, alias_history, get_alias, move_alias
from store.registry.rollback import roll_back, version_before
from tests.store.world import World, race


@pytest.fixture
def three(world: World) -> World:
    """A world with three versions of the registered model `churn`."""
    for _ in range(3):
        world.succeed(world.start())
    return world


def _move(world: World, version: int, revision: int, by: str = "somebody") -> int:
    return world.database.write(
        lambda connection: move_alias(connection, "churn", "champion", AliasUpdate(version, revision, by))
    )


def _history(world: World) -> list[tuple[int, int | None, int, str]]:
    with world.database.read() as connection:
        rows = alias_history(connection, "churn", "champion", page_size=100).rows
    return [(row.revision, row.from_version, row.to_version, row.moved_by) for row in rows]


def test_a_new_alias_has_revision_one(three: World) -> None:
    assert _move(three, 2, revision=0) == 1
    with three.database.read() as connection:
        assert get_alias(connection, "churn", "champion").version == 2


def test_each_move_increments_the_revision_and_is_stored(three: World) -> None:
    assert [_move(three, 1, 0, "a"), _move(three, 3, 1, "b"), _move(three, 1, 2, "c")] == [1, 2, 3]
    assert _history(three) == [(3, 3, 1, "c"), (2, 1, 3, "b"), (1, None, 1, "a")]


def test_the_alias_and_its_history_have_the_same_time(three: World) -> None:
    _move(three, 1, revision=0)
    _move(three, 2, revision=1)
    with three.database.read() as connection:
        latest = alias_history(connection, "churn", "champion", page_size=1).rows[0]
        assert latest.moved_at == get_alias(connection, "churn", "champion").moved_at


@pytest.mark.parametrize("revision", [0, 2, 7])
def test_a_move_with_a_wrong_revision_is_refused(three: World, revision: int) -> None:
    _move(three, 1, revision=0)
    three.refuses(
        lambda connection: move_alias(connection, "churn", "champion", AliasUpdate(2, revision, "late")),
        StaleRevisionError,
    )


def test_a_missing_alias_has_no_revision(three: World) -> None:
    three.refuses(
        lambda connection: move_alias(connection, "churn", "champion", AliasUpdate(2, 1, "wrong")), StaleRevisionError
    )


@pytest.mark.parametrize(("model", "version"), [("churn", 4), ("churn", 0), ("other", 1)])
def test_an_alias_cannot_point_at_a_version_that_does_not_exist(three: World, model: str, version: int) -> None:
    three.refuses(
        lambda connection: move_alias(connection, model, "champion", AliasUpdate(version, 0, "x")), NotFoundError
    )


@pytest.mark.parametrize("revision", [0, 1], ids=["new", "there already"])
def test_one_of_eight_concurrent_moves_wins_and_is_in_the_history(three: World, revision: int) -> None:
    if revision:
        _move(three, 1, revision=0)
    moved = race(8, lambda number: _move(three, 1 + number % 3, revision, by=f"m{number}"))
    winners = [number for number, result in enumerate(moved) if result == revision + 1]
    assert len(winners) == 1
    assert all(isinstance(result, StaleRevisionError) for n, result in enumerate(moved) if n != winners[0])
    history = _history(three)
    assert len(history) == revision + 1
    assert history[0] == (revision + 1, 1 if revision else None, 1 + winners[0] % 3, f"m{winners[0]}")


def test_an_unknown_alias_differs_from_an_unknown_model(three: World) -> None:
    with three.database.read() as connection:
        for model, told in (("churn", "no alias 'champion'"), ("other", "no model 'other'")):
            with pytest.raises(NotFoundError, match=told):
                get_alias(connection, model, "champion")
            with pytest.raises(NotFoundError, match=told):
                alias_history(connection, model, "champion", page_size=1)


def test_a_rollback_goes_to_the_version_that_is_told_before(three: World) -> None:
    def before() -> int | None:
        with three.database.read() as connection:
            return version_before(connection, "churn", "champion")

    told = []
    for revision, version in enumerate((1, 3, 2)):
        _move(three, version, revision)
        told.append(before())
    for revision in (3, 4):
        three.database.write(
            lambda connection, at=revision: roll_back(
                connection, "churn", "champion", revision=at, by="a", request=str(at)
            )
        )
        told.append(before())
    assert told == [None, 1, 3, 1, None]
