"""The commands of the documents, run as they stand there, against a service."""

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.e2e.running import EBB, Running, ebb_up, environment

DOCS = Path(__file__).parents[2] / "docs"
QUICKSTART = (DOCS / "quickstart.md").read_text(encoding="utf-8")
SCRIPT = DOCS / "examples" / "recompute_score.py"
WRITTEN_FOR = "http://127.0.0.1:8000"
GUIDES = sorted(set((DOCS / "guides").glob("*.md")) - {DOCS / "guides" / "pages.md"})  # that one has no commands


def blocks(page: str, language: str) -> str:
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL))


def write_customers(path: Path) -> None:
    """Write a table with numbers, a category, gaps and an outcome in words."""
    random = np.random.default_rng(7)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_id", "plan", "months", "monthly_charge", "support_tickets", "churned"])
        for number in range(1500):
            plan, months = random.choice(["basic", "plus", "family"], p=[0.5, 0.3, 0.2]), int(random.integers(1, 60))
            tickets = int(random.poisson(1.5))
            z = -1 + 1.2 * (plan == "basic") - 0.05 * months + 0.5 * tickets
            left = "yes" if random.random() < 1 / (1 + np.exp(-z)) else "no"
            charge = round(float(random.uniform(5, 100)), 2)
            writer.writerow([f"c-{number}", plan, months, charge, tickets if number % 20 else "", left])


def call_list(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def shell(script: str, service: Running, folder: Path, **more: str) -> None:
    """Run a page's commands in one shell that ends at the first failure."""
    path = os.pathsep.join([str(EBB.parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script.replace(WRITTEN_FOR, service.url)],
        cwd=folder,
        env={**environment(service.home), "PATH": path, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ebb_up(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def folder(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a user who has followed the quickstart by commands, with curl, and with Python."""
    folder = tmp_path_factory.mktemp("user")
    write_customers(folder / "customers.csv")
    shell(blocks(QUICKSTART, "sh"), service, folder)
    command = [sys.executable, "-c", blocks(QUICKSTART, "python").replace(WRITTEN_FOR, service.url)]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=120)
    (folder / "listed.txt").write_text(done.stdout)
    return folder


def test_the_quickstart_makes_a_call_list_of_customers_who_have_not_left(folder: Path) -> None:
    called = call_list(folder / "call_list.csv")
    assert len(called) == 50
    profits = [float(row["expected profit"]) for row in called]
    assert profits == sorted(profits, reverse=True)
    assert profits[-1] > 0
    with (folder / "customers.csv").open(newline="") as file:
        stayed = {row["customer_id"] for row in csv.DictReader(file) if row["churned"] == "no"}
    assert {row["customer_id"] for row in called} <= stayed
    assert all(row["reason 1"] for row in called)


def test_the_quickstart_by_commands_and_in_python_makes_the_same_call_list(folder: Path) -> None:
    called = call_list(folder / "call_list.csv")
    assert call_list(folder / "calls.csv") == called
    in_python = (folder / "listed.txt").read_text().splitlines()
    assert [line.split(",")[0] for line in in_python] == [row["customer_id"] for row in called]


PAGES = [DOCS / "command-line.md", DOCS / "python.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page: Path, service: Running, folder: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shell("\n".join(line for line in blocks(text, "sh").splitlines() if "pip install" not in line), service, folder)
    script = blocks(text, "python").replace(WRITTEN_FOR, service.url)
    subprocess.run([sys.executable, "-c", script], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=120)


@pytest.fixture(scope="module")
def names(service: Running, folder: Path) -> dict[str, str]:
    """What the guides take for granted: the quickstart's dataset and job; and the versions of two specs."""
    version = httpx.get(f"{service.url}/v1/models/churn/versions/1").json()
    specs: dict[str, dict[str, object]] = {
        "PLAIN": {},
        "WEIGHED": {"seed": 1, "members": 2, "class_weight": "balanced"},  # needs its calibration
    }
    found = {"URL": service.url, "DATASET": version["dataset"], "JOB": version["job_id"], "PLANNED": "1"}
    with service.client() as client:
        for name, spec in specs.items():
            job = client.submit_training("churn", version["dataset"], spec)
            *_, last = client.follow(job.id)
            result = client.job(job.id).result
            assert last.event == "succeeded"
            assert result is not None
            found[name] = str(result["version"])
    return found


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_commands_of_every_guide_succeed(
    guide: Path, service: Running, folder: Path, names: dict[str, str]
) -> None:
    field = re.findall(r"^field\(\) {\n.*?^}$", QUICKSTART, re.MULTILINE | re.DOTALL)
    commands = blocks(guide.read_text(encoding="utf-8"), "sh")
    assert "curl" in commands
    shell("\n".join([*field, commands]), service, folder, **names)


RECORDS = (
    {"plan": "plus", "months": 12, "monthly_charge": 19.99, "support_tickets": 3},
    {"plan": "basic", "months": 3.5, "monthly_charge": 9.99, "support_tickets": None},
    {"plan": "of another kind", "months": 58},
    {},
)


@pytest.mark.parametrize("spec", ["PLAIN", "WEIGHED", "PLANNED"])
def test_a_score_is_recomputed_from_the_download_alone(
    service: Running, names: dict[str, str], tmp_path: Path, spec: str
) -> None:
    number, path = names[spec], f"{service.url}/v1/models/churn"
    version = httpx.get(f"{path}/versions/{number}").json()
    assert (version["metrics"]["calibration"]["slope"] != 1.0) >= (spec == "WEIGHED")
    weights = httpx.get(f"{path}/versions/{number}/weights").content
    answer = httpx.post(f"{path}/score", params={"version": number}, json={"records": RECORDS}).json()
    for record, score in zip(RECORDS, answer["scores"], strict=True):
        command = [sys.executable, SCRIPT, json.dumps(record)]
        told = subprocess.run(command, cwd=tmp_path, input=weights, capture_output=True, check=True).stdout
        assert float(told) == pytest.approx(score["churn_probability"], rel=1e-12)


def test_the_script_is_short_needs_nothing_of_ebb_and_is_the_one_of_the_page() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert len([line for line in script.splitlines() if line]) <= 80
    assert set(re.findall(r"^(?:from|import) (\w+)", script, re.MULTILINE)) == {
        "json",
        "sys",
        "datetime",
        "numpy",
        "safetensors",
    }
    assert script in (DOCS / "engine.md").read_text(encoding="utf-8")
