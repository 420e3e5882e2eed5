"""From a file of one's own to a version and a call list, by commands and by the client."""

import json
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ebb import ChurnClassifier
from ebb.client import Client
from ebb.customers import customers
from ebb.errors import RefusedError
from tests.e2e.running import Ebb, Running, ebb_up


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ebb_up(tmp_path_factory.mktemp("own-file")) as service:
        yield service


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    """Parse the JSON output of a command."""
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_a_table_is_trained_on_followed_and_promoted_in_one(ebb: Ebb, client: Client, tmp_path: Path) -> None:
    customers(400, 21).write_csv(tmp_path / "march.csv")
    options = ("--target", "churned", "--id", "customer_id", "--model", "march", "--promote")
    done = ebb("train", tmp_path / "march.csv", *options, "--set", "epochs=3", "--set", "optimizer.learning_rate=0.01")
    assert done.returncode == 0, done.stderr
    assert "uploaded 400 customers" in done.stderr
    assert "epoch   3: learning rate" in done.stderr
    assert "version 1 of march: AUC 0." in done.stdout
    assert "champion of march now" in done.stdout
    alias = client.alias("march", "champion")
    assert alias is not None
    spec = client.version("march", 1).spec
    assert (alias[0].version, spec["epochs"], spec["optimizer"]["learning_rate"]) == (1, 3, 0.01)
    again = told(ebb("train", tmp_path / "march.csv", *options[:6], "--set", "epochs=2", "--json"))
    assert (again["result"]["version"], again["result"].get("promoted")) == (2, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--target", "left"), "'left'"),
        (("--target", "churned", "--set", "epochs=-1"), "/spec/epochs"),
        (("--target", "churned", "--set", "epochs"), "not KEY=VALUE, such as epochs=50"),
        (("--target", "churned", "--promote", "--promote-always"), "not both"),
        ((), "Missing option '--target'"),
    ],
)
def test_a_mistake_in_a_training_is_told(ebb: Ebb, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    customers(60, 22).write_csv(tmp_path / "april.csv")
    done = ebb("train", tmp_path / "april.csv", *options)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.filterwarnings("ignore::ebb.classifier.FitWarning")
@pytest.mark.parametrize("spec", [None, {"epochs": 3, "members": 2}, "quick"])
def test_the_classifier_trains_the_bytes_of_the_service(client: Client, tmp_path: Path, spec: Any) -> None:
    customers(600, 23).write_csv(tmp_path / "may.csv")
    frame = pd.read_csv(tmp_path / "may.csv")
    frame["plan"] = ["yearly" if months > 12 else None if months > 10 else "monthly" for months in frame["months"]]
    frame["since"] = [f"2025-{1 + months % 12:02d}-03" for months in frame["months"]]
    frame.to_csv(tmp_path / "may.csv", index=False)
    options = {"target": "churned", "id_column": "customer_id", "model": "may", "spec": spec}
    versions = [client.train(table, **options) for table in (tmp_path / "may.csv", frame)]
    here = ChurnClassifier(spec, id_column="customer_id").fit(frame.drop(columns="churned"), frame["churned"])
    assert {version.weights_sha256 for version in versions} == {here.sha256_}
    opened = ChurnClassifier.from_bytes(client.weights("may", versions[0].version))
    columns = frame.drop(columns="churned").replace({np.nan: None}).to_dict("list")
    scored = client.score("may", {"columns": columns}, by=versions[0].version)
    assert [score.churn_probability for score in scored.scores] == opened.predict_proba(frame)[:, 1].tolist()


@pytest.fixture(scope="module")
def june(ebb: Ebb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table without outcomes, and a champion of `june` that was trained on others."""
    folder = tmp_path_factory.mktemp("june")
    customers(500, 31).write_csv(folder / "known.csv")
    pd.read_csv(folder / "known.csv").sample(400, random_state=1).drop(columns="churned").to_csv(
        folder / "june.csv", index=False
    )
    options = ("--target", "churned", "--id", "customer_id", "--model", "june", "--promote", "--set", "epochs=20")
    done = ebb("train", folder / "known.csv", *options)
    assert done.returncode == 0, done.stderr
    return folder / "june.csv"


COSTS = {"customer_value": 200.0, "offer_cost": 10.0, "contact_cost": 1.0, "acceptance": 0.3}


def test_a_call_list_is_printed_and_written(ebb: Ebb, june: Path, tmp_path: Path) -> None:
    out = tmp_path / "list.csv"
    costs = ("--value", 200, "--offer-cost", 10, "--contact-cost", 1, "--acceptance", 0.3)
    done = ebb("call-list", june, "--model", "june", "--capacity", 30, *costs, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "… and 10 more" in done.stdout
    assert "30 customers to call by version 1 of june" in done.stdout
    written = pd.read_csv(out)
    assert (len(written), written["expected profit"].is_monotonic_decreasing) == (30, True)
    first = written.iloc[0]
    assert first["customer_id"] in done.stdout.splitlines()[1]
    assert first["reason 1"] in done.stdout.splitlines()[1]
    whole = told(ebb("call-list", june, "--model", "june", "--capacity", 3, "--json", "--out", tmp_path / "list.xlsx"))
    assert [call["customer_id"] for call in whole["calls"]] == written["customer_id"][:3].tolist()
    assert (tmp_path / "list.xlsx").read_bytes()[:2] == b"PK"


def test_the_client_and_the_classifier_list_the_same_customers(client: Client, june: Path) -> None:
    frame = pd.read_csv(june)
    listed = client.call_list(frame, model="june", capacity=25, **COSTS)
    opened = ChurnClassifier.from_bytes(client.weights("june", 1))
    here = opened.call_list(frame, capacity=25, **COSTS)
    assert [call.who for call in listed.calls] == here["customer_id"].tolist()
    assert [call.expected_profit for call in listed.calls] == here["expected_profit"].tolist()
    assert [call.reasons[0].text for call in listed.calls] == here["reason_1"].tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--budget", 100), "say with --value or --value-from"),
        (("--value", 3, "--value-from", "months"), "not both"),
        (("--value-from", "nobody"), "these columns do"),
        (("--out", "list.doc"), "must end in .csv or .xlsx"),
        (("--alias", "nobody"), "nobody"),
        (("--capacity", 0), "1<=x<=10000"),
    ],
)
def test_a_mistake_in_a_call_list_is_told(ebb: Ebb, june: Path, options: tuple[object, ...], message: str) -> None:
    done = ebb("call-list", june, "--model", "june", *options)
    assert done.returncode in (1, 2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_of_which_no_row_can_be_scored_is_an_error_that_says_why(ebb: Ebb, june: Path, tmp_path: Path) -> None:
    head, *lines = june.read_text().splitlines()
    place = head.split(",").index("months")
    cells = [line.split(",") for line in lines]
    spoilt = [",".join([*row[:place], "three months", *row[place + 1 :]]) for row in cells]
    (tmp_path / "spoilt.csv").write_text("\n".join([head, *spoilt]) + "\n")
    for command in (("call-list",), ("score", "--via-job"), ("score",)):
        done = ebb(*command, tmp_path / "spoilt.csv", "--model", "june", "--out", tmp_path / "out.csv")
        assert done.returncode == 1
        assert "rows cannot be scored; the first is row 1: column 'months': 'three months' is not" in done.stderr


def test_a_model_is_shown_and_a_version_and_a_dataset_are_deleted(ebb: Ebb, tmp_path: Path) -> None:
    customers(300, 41).write_csv(tmp_path / "july.csv")
    train = ("train", tmp_path / "july.csv", "--target", "churned", "--id", "customer_id", "--model", "july")
    for promote in ("--promote", "--name=july2"):
        assert ebb(*train, "--set", "epochs=2", promote).returncode == 0
    assert "champion" in ebb("models", "show", "july").stdout
    assert told(ebb("models", "show", "july", "--json"))["aliases"][0]["version"] == 1
    needed = ebb("versions", "delete", "july", 1)
    assert (needed.returncode, "champion" in needed.stderr) == (1, True)
    assert "version 2 of july is deleted" in ebb("versions", "delete", "july", 2).stdout
    assert [row["version"] for row in told(ebb("versions", "list", "july", "--json"))] == [1]
    assert ebb("datasets", "delete", "july").returncode == 1  # the champion was trained on it
    customers(300, 42).write_csv(tmp_path / "august.csv")
    assert ebb("train", tmp_path / "august.csv", *train[2:], "--set", "epochs=1").returncode == 0
    assert "of 300 rows is deleted" in ebb("datasets", "delete", "august").stdout
    assert told(ebb("datasets", "list", "--name", "august", "--json")) == []


def test_what_was_uploaded_is_downloaded_and_a_result_deleted(client: Client, june: Path) -> None:
    sent, out = june.read_bytes() + b"\n", BytesIO()
    client.upload_dataset(sent, name="september", target=None)
    client.save_dataset("september", out)
    assert out.getvalue() == sent
    listed = client.call_list(june, model="june", capacity=1)
    client.delete_result(listed.job_id)
    with pytest.raises(RefusedError, match="410"):
        client.save_result(listed.job_id, BytesIO())
