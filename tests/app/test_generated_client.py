"""A client that a generator makes from the served contract uploads, trains and scores with the real service."""

import importlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from ebb.customers import customers
from tests.e2e.running import Running, ebb_up, wait_for

NAME = "generated_ebb"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ebb_up(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def generated(service: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package that openapi-python-client writes, imported."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.json"
    document.write_bytes(httpx.get(f"{service.url}/openapi.json", trust_env=False).content)
    tool = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    run = subprocess.run(
        [*tool, "--path", str(document), "--output-path", str(folder / NAME)],
        capture_output=True,
        text=True,
        check=True,
    )
    told = run.stdout + run.stderr
    assert "will not be generated" not in told, told
    assert "Unable to parse" not in told, told
    sys.path.insert(0, str(folder))
    yield importlib.import_module(NAME)
    sys.path.remove(str(folder))


@pytest.fixture
def client(service: Running, generated: ModuleType) -> Iterator[Any]:
    with generated.Client(base_url=service.url, httpx_args={"trust_env": False}) as client:
        yield client


def part(path: str) -> ModuleType:
    return importlib.import_module(f"{NAME}.{path}")


def test_every_operation_of_the_contract_has_a_function(service: Running, generated: ModuleType) -> None:
    document = httpx.get(f"{service.url}/openapi.json", trust_env=False).json()
    operations = {each["operationId"] for methods in document["paths"].values() for each in methods.values()}
    written = {path.stem for path in Path(str(generated.__file__)).parent.glob("api/*/*.py")} - {"__init__"}
    assert written == operations


def test_it_uploads_trains_and_scores(client: Any) -> None:
    models, types = part("models"), part("types")
    table = types.File(payload=io.BytesIO(customers(300, seed=1).to_csv().encode()), file_name="customers.csv")
    dataset = part("api.datasets.upload_dataset").sync(client=client, body=table, target="churned", id="customer_id")
    assert (dataset.rows, dataset.media_type, dataset.id_column) == (300, "text/csv", "customer_id")

    spec = models.TrainingSpec(epochs=3, layers=[8])
    always = models.TrainingRequestPromote.ALWAYS
    wanted = models.TrainingRequest(model="churn", dataset=dataset.id, spec=spec, promote=always)
    job = part("api.jobs.submit_training").sync(client=client, body=wanted)
    show = part("api.jobs.show_job").sync
    wait_for(lambda: show(job.id, client=client).finished_at is not None, "the training has ended")
    assert show(job.id, client=client).state == models.JobState.SUCCEEDED

    record = models.ScoreRecordsRecordsItem.from_dict({"customer_id": "c-1", "months": 3, "monthly_charge": 90.0})
    scored = part("api.scoring.score").sync("churn", client=client, body=models.ScoreRecords([record], explain=2))
    assert (scored.model, scored.version, scored.scores[0].customer_id) == ("churn", 1, "c-1")
    assert 0 < scored.scores[0].churn_probability < 1
    assert len(scored.scores[0].reasons) == 2

    table = types.File(payload=io.BytesIO(customers(20, seed=2).to_csv().encode()))
    job = part("api.jobs.submit_scoring").sync(client=client, body=table, model="churn")
    wait_for(lambda: show(job.id, client=client).finished_at is not None, "the table is scored")
    assert show(job.id, client=client).state == models.JobState.SUCCEEDED
    result = part("api.jobs.download_result").sync_detailed(job.id, client=client)
    assert len(result.content.decode().splitlines()) == 21


def test_a_refusal_is_a_typed_problem(client: Any) -> None:
    models = part("models")
    body = models.ScoreRecords([models.ScoreRecordsRecordsItem()])
    refused = part("api.scoring.score").sync("no-such-model", client=client, body=body)
    assert isinstance(refused, models.ProblemDetails)
    assert refused.status == 404
