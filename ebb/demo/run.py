"""The steps of the demonstration, as a client of the service."""

import time
from pathlib import Path

from rich.console import Console

from ebb.answers import Scored
from ebb.client import Client
from ebb.client.client import version_of
from ebb.client.job_calls import expect_success
from ebb.customers import CustomerTable, customers
from ebb.demo.evaluation import evaluate
from ebb.demo.findings import Findings
from ebb.demo.spec import DEMO_SPEC
from ebb.demo.tables import print_at_risk, print_quality
from ebb.errors import DemoError
from ebb.watch import watch_job
from store.alias_names import CHAMPION

MODEL = "churn"
ALIAS_BESIDE = "demo"
CUSTOMERS = 1_000
FRESH_CUSTOMERS = 100_000
SEED = 2
FRESH_SEED = 3
REASONS = 3
TRAINING_SECONDS = 120.0
ALIAS_SECONDS = 5.0


def run_demo(client: Client, home: Path, console: Console) -> None:
    """Upload, train, promote, score and evaluate; write the table and a report to `home/demo/`.

    Raises: EbbError.
    """
    table = customers(CUSTOMERS, SEED)
    folder = _folder_with(table, home)

    findings = _train_and_score(client, table, console)
    print_at_risk(findings, console)
    print_quality(findings.evaluation, console)

    report = folder / "report.html"
    _write_report(findings, report)
    console.print(f"\nReport: {report}", highlight=False, soft_wrap=True)


def _folder_with(table: CustomerTable, home: Path) -> Path:
    folder = home / "demo"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        table.write_csv(folder / "customers.csv")
    except OSError as error:
        raise DemoError(f"cannot write to {folder}: {error.strerror}; --home names another folder") from error
    return folder


def _write_report(findings: Findings, path: Path) -> None:
    try:
        from ebb.demo.report import write_report  # noqa: PLC0415 - brings matplotlib, whose import takes longest
    except ModuleNotFoundError as error:
        raise DemoError(f"the report needs {error.name}: pip install 'ebb[demo]'") from error
    write_report(findings, path)


def _train_and_score(client: Client, table: CustomerTable, console: Console) -> Findings:
    dataset = client.upload_dataset(
        table.to_csv().encode(), name="customers", target="churned", id_column="customer_id"
    )
    _say(console, f"Uploaded {dataset.rows:,} customers: dataset {dataset.id}")

    submitted = client.submit_training(MODEL, dataset.id, DEMO_SPEC)
    _say(console, f"Training {DEMO_SPEC['members']} networks of 4-8-4-1 side by side: job {submitted.id}")
    job, epochs = watch_job(client, submitted.id, console, TRAINING_SECONDS)
    expect_success(job)
    version = client.version(MODEL, version_of(job.result))

    alias = alias_for(client, dataset.sha256)
    if alias != CHAMPION:
        _say(console, f"The {CHAMPION} of {MODEL} was trained on other data and stays; the demo moves {alias}")
        _say(console, f"To score customers like these, send POST /v1/models/{MODEL}/score?alias={alias}")
    client.move_alias(MODEL, alias, version.version)
    _say(console, f"Moved {alias} to version {version.version}, which now scores its requests")

    started = time.perf_counter()
    scored = score_by_alias(client, table, version.version, alias)
    seconds = time.perf_counter() - started
    _say(console, f"Scored {len(scored.scores):,} customers with reasons in {seconds:.2f} s")

    evaluation = evaluate(client, MODEL, version.version, rows=FRESH_CUSTOMERS, seed=FRESH_SEED)
    return Findings(MODEL, alias, dataset, version, tuple(epochs), table, tuple(scored.scores), evaluation)


def alias_for(client: Client, data_sha256: str) -> str:
    """Return the alias that the demonstration may move: never a champion that was trained on other data."""
    champion = client.alias(MODEL, CHAMPION)
    if champion is None or client.version(MODEL, champion[0].version).data_sha256 == data_sha256:
        return CHAMPION
    return ALIAS_BESIDE


def score_by_alias(client: Client, table: CustomerTable, version: int, alias: str = CHAMPION) -> Scored:
    """Score all customers by the alias, after it points at this version.

    Raises: DemoError if another version still answers after a few seconds, or a customer is not scored.
    """
    give_up = time.monotonic() + ALIAS_SECONDS
    while True:
        scored = client.score(MODEL, {"columns": table.columns()}, by=alias, explain=REASONS)
        if scored.version == version:
            break
        if time.monotonic() > give_up:
            raise DemoError(f"{alias} moved to version {version}, but {scored.version} still answers")
        time.sleep(0.1)
    if scored.errors:
        raise DemoError(f"{scored.errors} of {len(table)} customers were not scored")
    return scored


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, soft_wrap=True)
