"""T5 and T6: a job ends once, with all effects of its end."""

import pytest

from store.jobs.claim import Claim
from store.jobs.finish import end_cancelled, fail, succeed_training
from store.registry.aliases import AliasUpdate, Promotion, get_alias, move_alias
from tests.store.world import World, checkpoint, race


def test_success_is_a_version_a_result_and_an_event_and_no_checkpoint(world: World) -> None:
    mine = world.start()
    world.beat(mine, checkpoint=checkpoint(3))
    assert world.succeed(mine) == 1
    row, all_rows = world.row(mine.job_id), world.snapshot()
    assert (row.state, row.lease_until) == ("succeeded", None)
    assert row.result == {"model": "churn", "version": 1, "promoted": False}
    assert row.finished_at >= row.started_at
    assert world.events(mine.job_id)[-1] == ("succeeded", 1)
    assert (len(all_rows["versions"]), all_rows["checkpoints"]) == (1, [])


def test_a_success_with_a_lost_commit_answer_returns_the_same_version(world: World) -> None:
    mine = world.start()
    number = world.succeed(mine)
    before = world.snapshot()
    assert world.succeed(mine) == number
    assert world.snapshot() == before


def test_a_success_with_another_token_is_refused(world: World) -> None:
    mine = world.start()
    world.succeed(mine)
    forged = Claim(mine.job_id, mine.token + 1)
    world.refuses(lambda connection: succeed_training(connection, forged, world.version()))


def test_versions_run_without_gaps_under_eight_concurrent_finishers(world: World) -> None:
    claims = [world.start() for _ in range(8)]
    numbers = race(8, lambda index: world.succeed(claims[index]))
    assert sorted(numbers) == list(range(1, 9))
    results = {world.row(mine.job_id).result["version"] for mine in claims}
    assert results == set(range(1, 9))


def test_a_rolled_back_success_leaves_no_gap(world: World) -> None:
    mine = world.start()

    def die(connection) -> None:
        succeed_training(connection, mine, world.version())
        raise RuntimeError("killed before the commit")

    with pytest.raises(RuntimeError):
        world.database.write(die)
    assert world.row(mine.job_id).state == "running"
    assert world.succeed(mine) == 1


def test_models_count_their_versions_apart(world: World) -> None:
    assert [world.succeed(world.start(), model=name) for name in ("a", "a", "b")] == [1, 2, 1]


def test_success_after_an_accepted_cancel_is_refused(world: World) -> None:
    mine = world.start()
    world.cancel(mine.job_id)
    world.refuses(lambda connection: succeed_training(connection, mine, world.version()))


def test_a_failure_has_a_code_and_a_message_and_drops_the_checkpoint(world: World) -> None:
    mine = world.start()
    world.beat(mine, checkpoint=checkpoint(3))
    world.database.write(lambda connection: fail(connection, mine, code="diverged", text="Lower the rate."))
    row = world.row(mine.job_id)
    assert (row.state, row.error_code, row.error_text) == ("failed", "diverged", "Lower the rate.")
    assert row.finished_at is not None
    assert world.events(mine.job_id)[-1] == ("failed", 1)
    assert world.snapshot()["checkpoints"] == []


def test_ending_as_cancelled_without_a_cancellation_is_refused(world: World) -> None:
    mine = world.start()
    world.refuses(lambda connection: end_cancelled(connection, mine))


def test_a_cancelled_job_ends_with_its_code_and_no_checkpoint(world: World) -> None:
    mine = world.start()
    world.beat(mine, checkpoint=checkpoint(3))
    world.cancel(mine.job_id)
    world.database.write(lambda connection: end_cancelled(connection, mine))
    row = world.row(mine.job_id)
    assert (row.state, row.error_code) == ("cancelled", "cancelled")
    assert world.events(mine.job_id)[-1] == ("cancelled", 1)
    assert world.snapshot()["checkpoints"] == []


@pytest.mark.parametrize("revision", [None, 0])
def test_the_alias_moves_in_the_transaction_of_the_success(world: World, revision: int | None) -> None:
    mine = world.start()
    promotion = Promotion("champion", revision=revision)
    world.database.write(lambda connection: succeed_training(connection, mine, world.version(), promotion))
    with world.database.read() as connection:
        alias = get_alias(connection, "churn", "champion")
    assert (alias.version, alias.revision) == (1, 1)
    assert world.row(mine.job_id).result["promoted"] is True


def test_an_alias_moved_during_the_job_stays_and_the_job_succeeds(world: World) -> None:
    world.succeed(world.start())
    world.database.write(lambda connection: move_alias(connection, "churn", "champion", AliasUpdate(1, 0, "hand")))
    mine, promotion = world.start(), Promotion("champion", revision=0)
    world.database.write(lambda connection: succeed_training(connection, mine, world.version(), promotion))
    row = world.row(mine.job_id)
    assert (row.state, row.result["promoted"]) == ("succeeded", False)
    with world.database.read() as connection:
        assert get_alias(connection, "churn", "champion").version == 1
    assert "moved by somebody else" in row.result["reason"]
