"""What becomes of `champion` when a training ends: nothing, always the new version, or the better one."""

from collections.abc import Callable

import pytest

from model.errors import ColumnError, DivergedError, SpecError, TableError
from model.storage import pack, sha256
from store.artifacts import ArtifactStore
from store.errors import ArtifactError
from store.jobs.finish import succeed_training
from store.registry.aliases import CHAMPION, Move, find_alias, move_alias
from store.tables import versions
from tests.worker.trainings import CSV, Trainings, make_trainings
from worker.errors import DatasetError
from worker.fit import Fit
from worker.result import code_of, promotion_of, version_of

GOOD = {"epochs": 40, "optimizer": {"name": "adam", "learning_rate": 0.01}}
BAD = {"epochs": 1, "optimizer": {"name": "adam", "learning_rate": 1e-6}}


def trained(trainings: Trainings, spec: dict[str, object], promote: str) -> Fit:
    fit = Fit.load(trainings.database, ArtifactStore(trainings.settings.artifacts), trainings.queue(spec, promote))
    fit.prepare()
    assert list(fit.epochs())
    return fit


def finish(trainings: Trainings, fit: Fit, promotion: object) -> int:
    mine = trainings.world.start(fit.job.id)
    version = version_of(fit, fit.estimator(), seconds=1.0)
    return trainings.database.write(lambda connection: succeed_training(connection, mine, version, promotion))


def train(trainings: Trainings, spec: dict[str, object], promote: str) -> int:
    fit = trained(trainings, spec, promote)
    return finish(trainings, fit, promotion_of(trainings.database, fit, fit.estimator()))


def champion(trainings: Trainings) -> int | None:
    with trainings.database.read() as connection:
        row = find_alias(connection, "churn", CHAMPION)
    return row.version if row else None


def test_never_leaves_the_champion(trainings: Trainings) -> None:
    train(trainings, GOOD, "never")
    assert champion(trainings) is None


def test_always_moves_the_champion_to_the_new_version(trainings: Trainings) -> None:
    for spec in (GOOD, BAD):
        assert train(trainings, spec, "always") == champion(trainings)


def test_if_better_makes_the_first_version_the_champion(trainings: Trainings) -> None:
    assert train(trainings, BAD, "if_better") == champion(trainings) == 1


def test_if_better_moves_only_to_the_better(trainings: Trainings) -> None:
    train(trainings, BAD, "always")
    assert train(trainings, GOOD, "if_better") == champion(trainings) == 2
    assert train(trainings, BAD, "if_better") == 3
    assert champion(trainings) == 2


@pytest.mark.parametrize("promote", ["if_better"])
def test_a_champion_that_somebody_moves_meanwhile_stays_where_they_put_it(trainings: Trainings, promote: str) -> None:
    train(trainings, BAD, "always")
    train(trainings, BAD, "never")
    fit = trained(trainings, GOOD, promote)
    promotion = promotion_of(trainings.database, fit, fit.estimator())
    assert promotion is not None
    trainings.database.write(lambda connection: move_alias(connection, "churn", CHAMPION, Move(2, 1, "somebody")))
    assert finish(trainings, fit, promotion) == 3
    assert champion(trainings) == 2
    assert trainings.world.row(fit.job.id).result == {"model": "churn", "version": 3, "promoted": False}


def test_a_champion_that_appears_meanwhile_stays(trainings: Trainings) -> None:
    train(trainings, BAD, "never")
    fit = trained(trainings, GOOD, "if_better")
    promotion = promotion_of(trainings.database, fit, fit.estimator())
    trainings.database.write(lambda connection: move_alias(connection, "churn", CHAMPION, Move(1, 0, "somebody")))
    finish(trainings, fit, promotion)
    assert champion(trainings) == 1


def _damaged(trainings: Trainings) -> Trainings:
    trainings.database.write(lambda connection: connection.execute(versions.update().values(estimator=b"damaged")))
    return trainings


def _of_another_format(trainings: Trainings) -> Trainings:
    data = pack({"format": 0}, {})
    change = versions.update().values(estimator=data, weights_sha256=sha256(data))
    trainings.database.write(lambda connection: connection.execute(change))
    return trainings


def _of_another_table(trainings: Trainings) -> Trainings:
    rows = [line.split(",") for line in CSV.decode().splitlines()]
    number = rows[0].index("support_tickets")
    for row in rows[1:]:
        row[number] = "few" if row[number] in ("0", "1") else "many"
    table = "\n".join(",".join(row) for row in rows).encode() + b"\n"
    return make_trainings(trainings.database, trainings.settings, table)


@pytest.mark.parametrize("spoil", [_damaged, _of_another_format, _of_another_table])
def test_a_champion_that_cannot_be_compared_stays_and_the_training_succeeds(
    on_sqlite: Trainings, spoil: Callable[[Trainings], Trainings], caplog: pytest.LogCaptureFixture
) -> None:
    train(on_sqlite, BAD, "always")
    fit = trained(spoil(on_sqlite), GOOD, "if_better")
    assert finish(on_sqlite, fit, promotion_of(on_sqlite.database, fit, fit.estimator())) == 2
    row = on_sqlite.world.row(fit.job.id)
    assert (row.state, row.result["promoted"], champion(on_sqlite)) == ("succeeded", False, 1)
    assert row.result["reason"].startswith("the champion, version 1, cannot be compared with: ")
    assert row.result["reason"] in caplog.text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DivergedError(1, 2, 3.0), "diverged"),
        (TableError(""), "table"),
        (ColumnError(""), "column"),
        (SpecError([]), "spec"),
        (DatasetError(""), "dataset"),
        (ArtifactError(""), "artifact"),
    ],
)
def test_an_error_has_a_code(error: Exception, code: str) -> None:
    assert code_of(error) == code
