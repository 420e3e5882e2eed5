"""The gate compares on rows that neither version has seen: champions that saw all, half and none of a table."""

import json
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import update

from ebb.customers import customers
from model.columns.target import labels
from model.estimator import Estimator
from model.gate import FEWEST_ROWS
from model.metrics import log_loss
from model.tables.reader import read_table
from store.alias_names import CHAMPION
from store.registry.aliases import find_alias
from store.registry.versions import load_estimator
from store.tables import versions
from tests.worker.trainings import Trainings, make_trainings
from worker.kinds.training import Training
from worker.promotion import load_contender

LINES = customers(3_000, seed=1).to_csv().encode().splitlines(keepends=True)
HEADER, ROWS = LINES[0], LINES[1:]
GOOD = {"epochs": 15, "optimizer": {"name": "adam", "learning_rate": 0.01}}
BAD = {"epochs": 1, "optimizer": {"name": "adam", "learning_rate": 1e-6}}
FOLDS = {**GOOD, "members": 4, "validation": {"folds": True}}


def table(*rows: slice) -> bytes:
    return b"".join([HEADER, *(line for chosen in rows for line in ROWS[chosen])])


def on(trainings: Trainings, *rows: slice, **changes: Any) -> Trainings:
    return make_trainings(trainings.database, trainings.settings, table(*rows), **changes)


def gate_of(trainings: Trainings, spec: dict[str, Any], **gate: Any) -> dict[str, Any]:
    """Train through a worker, and return the gate of the job's result."""
    job_id = trainings.world.queue(params={"spec": spec, "promote": "if_better", "gate": gate})
    trainings.attempts.run(job_id)
    row = trainings.world.row(job_id)
    assert row.state == "succeeded", row.error_text
    return dict(row.result["gate"])


def champion(trainings: Trainings) -> int:
    with trainings.database.read() as connection:
        row = find_alias(connection, "churn", CHAMPION)
    assert row is not None
    return row.version


@pytest.mark.parametrize("spec", [GOOD, FOLDS])
def test_a_champion_that_saw_all_rows_cannot_be_compared_with(trainings: Trainings, spec: dict[str, Any]) -> None:
    whole = on(trainings, slice(0, 1000))
    whole.train(BAD, "always")
    gate = gate_of(whole, spec)
    held_out = 1000 if spec is FOLDS else 200
    assert (gate["verdict"], gate["promoted"], champion(whole)) == ("cannot_tell", False, 1)
    assert (gate["rows"], gate["labelled_rows"], gate["seen_by_champion"]) == (0, held_out, held_out)
    assert f"of {held_out:,} labelled rows version 1 has seen {held_out:,} and this training 0" in gate["reason"]
    assert gate["reason"].endswith("in gate.dataset")


@pytest.mark.parametrize("spec", [GOOD, FOLDS])
def test_a_champion_that_saw_half_is_compared_with_on_the_other_half(
    trainings: Trainings, spec: dict[str, Any]
) -> None:
    on(trainings, slice(0, 500)).train(BAD, "always")
    gate = gate_of(on(trainings, slice(0, 1000)), spec)
    assert (gate["verdict"], gate["promoted"], champion(trainings)) == ("better", True, 2)
    assert gate["rows"] + gate["seen_by_champion"] == gate["labelled_rows"]
    if spec is FOLDS:
        assert (gate["rows"], gate["seen_by_champion"]) == (500, 500)
    else:
        assert 60 < gate["rows"] < 140


def test_a_champion_that_saw_none_is_compared_with_on_all_held_out_rows(trainings: Trainings) -> None:
    on(trainings, slice(1000, 2000)).train(GOOD, "always")
    gate = gate_of(on(trainings, slice(0, 1000)), BAD)
    assert (gate["verdict"], gate["promoted"], champion(trainings)) == ("not_better", False, 1)
    assert (gate["rows"], gate["labelled_rows"], gate["seen_by_champion"]) == (200, 200, 0)


def test_weekly_retraining_on_a_growing_table_is_promoted_when_better_on_unseen_rows(trainings: Trainings) -> None:
    """The champion has memorized its 150 customers, so on these it looks better than any later version."""
    memorized = {"layers": [64, 64], "epochs": 300, "optimizer": {"name": "adam", "learning_rate": 0.01}}
    alone = {**memorized, "early_stopping": None, "validation": {"fraction": 0.0}}
    on(trainings, slice(0, 150)).train(alone, "always")
    weeks = [gate_of(on(trainings, slice(0, rows)), FOLDS) for rows in (160, 400, 900)]
    assert [week["verdict"] for week in weeks[:2]] == ["cannot_tell", "better"]
    assert (weeks[0]["rows"], weeks[1]["rows"], weeks[2]["rows"]) == (10, 250, 500)
    assert (weeks[2]["champion_version"], champion(trainings)) == (3, 4 if weeks[2]["promoted"] else 3)


def test_the_figures_are_those_of_the_unseen_rows(on_sqlite: Trainings) -> None:
    on(on_sqlite, slice(0, 500)).train(GOOD, "always")
    with on_sqlite.database.read() as connection:
        first = Estimator.from_bytes(load_estimator(connection, "churn", 1))
    told = gate_of(on(on_sqlite, slice(0, 1000)), FOLDS)
    others = read_table(BytesIO(table(slice(500, 1000))), "csv")
    y = labels(others.columns["churned"], "churned")
    assert told["champion"] == pytest.approx(log_loss(y, first.log_odds(others.columns, 500)), abs=1e-12)
    assert (told["rows"], told["churned"]) == (500, y.sum())


def test_a_hold_out_is_compared_on_without_the_rows_of_either_training(trainings: Trainings) -> None:
    on(trainings, slice(0, 500), slice(1000, 1050)).train(BAD, "always")
    holdout = on(trainings, slice(900, 1400)).world.dataset_id
    gate = gate_of(on(trainings, slice(0, 1000)), GOOD, dataset=holdout)
    assert (gate["verdict"], gate["promoted"], gate["dataset"]) == ("better", True, holdout)
    assert (gate["labelled_rows"], gate["rows"]) == (500, 350)
    assert (gate["seen_by_champion"], gate["seen_by_candidate"]) == (50, 100)


def test_a_hold_out_that_was_trained_on_cannot_tell(on_sqlite: Trainings) -> None:
    whole = on(on_sqlite, slice(0, 1000))
    whole.train(BAD, "always")
    gate = gate_of(whole, GOOD, dataset=on(on_sqlite, slice(100, 1020)).world.dataset_id)
    assert (gate["verdict"], gate["rows"]) == ("cannot_tell", 20)
    assert gate["reason"].endswith(
        "name a labelled dataset with more customers that are in neither training table in gate.dataset"
    )


def test_a_hold_out_whose_file_is_lost_cannot_tell_and_loses_nothing(on_sqlite: Trainings) -> None:
    whole = on(on_sqlite, slice(0, 1000))
    whole.train(BAD, "always")
    holdout = make_trainings(on_sqlite.database, on_sqlite.settings, table(slice(1000, 1200)))
    (found,) = [one for one in on_sqlite.settings.artifacts.glob("*/*") if one.read_bytes() == table(slice(1000, 1200))]
    found.unlink()
    gate = gate_of(whole, GOOD, dataset=holdout.world.dataset_id)
    assert (gate["verdict"], gate["promoted"], champion(whole)) == ("cannot_tell", False, 1)
    assert "cannot be read" in gate["reason"]


def test_the_table_stands_in_for_the_digests_of_a_version_of_an_earlier_release(on_sqlite: Trainings) -> None:
    on(on_sqlite, slice(0, 500)).train(BAD, "always")
    on_sqlite.database.write(lambda connection: connection.execute(update(versions).values(seen_rows=None)))
    gate = gate_of(on(on_sqlite, slice(0, 1000)), FOLDS)
    assert (gate["verdict"], gate["rows"], gate["seen_by_champion"]) == ("better", 500, 500)


def test_a_later_row_of_a_known_customer_does_not_count(on_sqlite: Trainings) -> None:
    """Its inputs and its outcome are others, but most of what the champion learned of the customer still holds."""
    on(on_sqlite, slice(0, 1000)).train(BAD, "always")
    later = [line.split(b",") for line in ROWS[:1000]]
    moved = HEADER + b"".join(
        b",".join([row[0], str(int(row[1]) + 1).encode(), *row[2:5], b"yes\n" if i % 3 else b"no\n"])
        for i, row in enumerate(later)
    )
    gate = gate_of(make_trainings(on_sqlite.database, on_sqlite.settings, moved), FOLDS)
    assert (gate["verdict"], gate["rows"]) == ("cannot_tell", 0)


def test_without_an_id_the_inputs_identify_a_row_in_every_format(on_sqlite: Trainings) -> None:
    names = HEADER.decode().strip().split(",")[1:]
    rows = [line.decode().strip().split(",")[1:] for line in ROWS[:1000]]
    as_csv = "\n".join(",".join(row) for row in [names, *rows[:500]]) + "\n"
    records = [dict(zip(names, [*map(float, row[:4]), row[4]], strict=True)) for row in rows]
    as_ndjson = "\n".join(map(json.dumps, records)) + "\n"
    nameless = {"id_column": ""}
    make_trainings(on_sqlite.database, on_sqlite.settings, as_csv.encode(), **nameless).train(BAD, "always")
    lines = make_trainings(
        on_sqlite.database,
        on_sqlite.settings,
        as_ndjson.encode(),
        media_type="application/x-ndjson",
        rows=1000,
        **nameless,
    )
    gate = gate_of(lines, FOLDS)
    assert (gate["verdict"], gate["rows"], gate["seen_by_champion"]) == ("better", 500, 500)


def test_a_held_out_row_of_a_customer_that_the_training_also_knows_does_not_count(on_sqlite: Trainings) -> None:
    """Two rows a customer, split at random: most held-out rows have their twin among the training rows."""
    on(on_sqlite, slice(2000, 2600)).train(BAD, "always")
    twice = table(slice(0, 400), slice(0, 400))
    panel = make_trainings(on_sqlite.database, on_sqlite.settings, twice)
    gate = gate_of(panel, GOOD)
    assert gate["seen_by_candidate"] > 0.7 * gate["labelled_rows"]
    apart = gate_of(panel, {**GOOD, "validation": {"group": "customer_id"}})
    assert (apart["seen_by_candidate"], apart["verdict"]) == (0, "better")
    assert apart["rows"] >= FEWEST_ROWS


def test_the_gate_and_the_evaluation_score_the_held_out_rows_of_a_champion_once(on_sqlite: Trainings) -> None:
    on(on_sqlite, slice(0, 500)).train(GOOD, "always")
    whole = on(on_sqlite, slice(0, 1000))
    training = Training.prepare(whole.settings, whole.database, whole.queue(GOOD, "if_better"))
    for _ in training.units():
        pass
    champions = [load_contender(whole.database, training.data.artifacts, "churn", 1) for _ in range(2)]
    first, second = map(training.held_out, champions)
    assert first is second
