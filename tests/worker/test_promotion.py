"""The move of `champion` at the end of a training: never, always, or if the version is better."""

from collections.abc import Callable

import pytest

from model.errors import ColumnError, DivergedError, SpecError, TableError
from model.storage import pack, sha256
from store.alias_names import CHAMPION
from store.errors import ArtifactError
from store.jobs.finish import succeed_training
from store.registry.aliases import AliasUpdate, NotPromoted, Promotion, find_alias, move_alias
from store.registry.versions import get_version
from store.tables import versions
from tests.worker.trainings import GROWN, MANY, Trainings, grown, make_trainings
from worker.errors import DatasetError, error_code
from worker.kinds.training import Training

GOOD = {"epochs": 40, "optimizer": {"name": "adam", "learning_rate": 0.01}}
BAD = {"epochs": 1, "optimizer": {"name": "adam", "learning_rate": 1e-6}}


def trained(trainings: Trainings, spec: dict[str, object], promote: str) -> Training:
    training = Training.prepare(trainings.settings, trainings.database, trainings.queue(spec, promote))
    assert list(training.units())
    return training


def promotion_of(trainings: Trainings, training: Training) -> Promotion | NotPromoted | None:
    return training.decide_promotion()


def finish(trainings: Trainings, training: Training, promotion: Promotion | NotPromoted | None) -> int:
    mine = trainings.world.start(training.data.job.id)
    version = training.version(seconds=1.0)
    return trainings.database.write(lambda connection: succeed_training(connection, mine, version, promotion))


def train(trainings: Trainings, spec: dict[str, object], promote: str) -> int:
    training = trained(trainings, spec, promote)
    return finish(trainings, training, promotion_of(trainings, training))


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
    assert train(grown(trainings), GOOD, "if_better") == champion(trainings) == 2
    assert train(make_trainings(trainings.database, trainings.settings, MANY), BAD, "if_better") == 3
    assert champion(trainings) == 2


@pytest.mark.parametrize("promote", ["if_better"])
def test_a_champion_moved_during_the_training_stays(trainings: Trainings, promote: str) -> None:
    train(trainings, BAD, "always")
    train(trainings, BAD, "never")
    training = trained(grown(trainings), GOOD, promote)
    promotion = promotion_of(trainings, training)
    assert isinstance(promotion, Promotion)
    trainings.database.write(
        lambda connection: move_alias(connection, "churn", CHAMPION, AliasUpdate(2, 1, "somebody"))
    )
    assert finish(trainings, training, promotion) == 3
    assert champion(trainings) == 2
    result = trainings.world.row(training.data.job.id).result
    assert (result["model"], result["version"], result["promoted"]) == ("churn", 3, False)
    assert (result["gate"]["promoted"], result["gate"]["champion_version"]) == (False, 1)
    assert "was moved by somebody else" in result["gate"]["reason"]


def test_the_gate_is_in_the_result_and_in_the_version(trainings: Trainings) -> None:
    train(trainings, BAD, "always")
    training = trained(grown(trainings), GOOD, "if_better")
    number = finish(trainings, training, promotion_of(trainings, training))
    gate = trainings.world.row(training.data.job.id).result["gate"]
    with trainings.database.read() as connection:
        assert get_version(connection, "churn", number).metrics["gate"] == gate
    assert (gate["metric"], gate["champion_version"], gate["promoted"]) == ("log_loss", 1, True)
    assert gate["candidate"] < gate["champion"]
    assert gate["labelled_rows"] == training.fitting.estimator().metrics["valid_rows"]
    assert gate["rows"] + gate["seen_by_champion"] == gate["labelled_rows"]
    assert gate["difference"] == gate["champion"] - gate["candidate"]
    assert 0.0 < gate["interval"][0] <= gate["difference"] <= gate["interval"][1]


def test_a_version_below_the_margin_leaves_the_champion(trainings: Trainings) -> None:
    train(trainings, BAD, "always")
    gate = {"metric": "auc", "margin": 0.9, "confidence": 0.5}
    job_id = grown(trainings).world.queue(params={"spec": GOOD, "promote": "if_better", "gate": gate})
    trainings.attempts.run(job_id)
    told = trainings.world.row(job_id).result["gate"]
    assert (told["metric"], told["margin"], told["confidence"], told["promoted"]) == ("auc", 0.9, 0.5, False)
    assert "not surely more than the margin of 0.9" in told["reason"]
    assert champion(trainings) == 1


def test_the_first_version_has_no_comparison(on_sqlite: Trainings) -> None:
    row = on_sqlite.train(BAD, "if_better")
    assert row.result["gate"] == {
        "metric": "log_loss",
        "reason": "there was no champion to compare with",
        "promoted": True,
    }


def test_without_validation_rows_nothing_is_promoted(on_sqlite: Trainings) -> None:
    on_sqlite.train(BAD, "always")
    row = on_sqlite.train({**GOOD, "early_stopping": None, "validation": {"fraction": 0.0}}, "if_better")
    assert (row.state, row.result["promoted"]) == ("succeeded", False), row.error_text
    assert "of 0 labelled rows" in row.result["gate"]["reason"]


def test_a_champion_set_during_the_training_stays(trainings: Trainings) -> None:
    train(trainings, BAD, "never")
    training = trained(trainings, GOOD, "if_better")
    promotion = promotion_of(trainings, training)
    trainings.database.write(
        lambda connection: move_alias(connection, "churn", CHAMPION, AliasUpdate(1, 0, "somebody"))
    )
    finish(trainings, training, promotion)
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
    rows = [line.split(",") for line in GROWN.decode().splitlines()]
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
    training = trained(spoil(on_sqlite), GOOD, "if_better")
    assert finish(on_sqlite, training, promotion_of(on_sqlite, training)) == 2
    row = on_sqlite.world.row(training.data.job.id)
    assert (row.state, row.result["promoted"], champion(on_sqlite)) == ("succeeded", False, 1)
    assert row.result["gate"]["reason"].startswith("the champion, version 1, cannot be compared with: ")
    assert row.result["gate"]["reason"] in caplog.text


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
    assert error_code(error) == code
