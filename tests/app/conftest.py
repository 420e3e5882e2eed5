"""An application on a real database, with a recording doorbell, and an estimator trained once."""

import queue
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.limits.rate_limiter import RateLimiter
from app.server.factory import create_app
from ebb.customers import customers
from model.estimator import Estimator, Fitting
from model.spec import parse_spec
from model.tables.reader import read_table
from store.artifacts import ArtifactStore
from store.database import Database
from store.datasets import NewDataset, add_dataset
from store.doorbell import Doorbell
from store.jobs.claim import claim
from store.jobs.finish import succeed_training
from store.jobs.submit import Submission, submit
from store.keys import create_key
from store.registry.versions import NewVersion
from store.settings import Settings
from tests.app.proxied import proxied, settings_behind
from tests.app.running import Running, served, wait_until_calm
from tests.parts.nginx import Proxy

CSV = customers(300, seed=1).to_csv().encode()
SPEC = {"epochs": 4, "optimizer": {"name": "adam", "learning_rate": 0.01}}


class RememberingDoorbell:
    """Records published jobs in a queue for tests."""

    def __init__(self) -> None:
        self.rung: queue.Queue[str] = queue.Queue()

    def ring(self, job_id: str, kind: str) -> None:
        self.rung.put(job_id)

    def waiting(self, kind: str) -> int:
        return self.rung.qsize()


@pytest.fixture
def sqlite_file(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database, for tests that do not depend on the database."""
    shutil.copyfile(sqlite_template, tmp_path / "ebb.db")
    return f"sqlite:///{tmp_path / 'ebb.db'}"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(home=tmp_path, database_url=database_url, upload_bytes=100_000)


@pytest.fixture
def doorbell() -> RememberingDoorbell:
    return RememberingDoorbell()


@pytest.fixture
def make_app(settings: Settings, database: Database, doorbell: Doorbell) -> Iterator[Callable[..., Flask]]:
    """Return a factory of applications on the database. Their threads end before it is closed."""
    made: list[Flask] = []

    def make(ringing: Doorbell = doorbell, limiter: RateLimiter | None = None, **changed: Any) -> Flask:
        made.append(create_app(replace(settings, **changed), database, ringing, limiter))
        return made[-1]

    yield make
    for app in made:
        app.extensions["ebb"].publisher.stop()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def guarded(make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of the application beyond loopback, where every route needs a key."""
    return make_app(host="0.0.0.0").test_client()


@pytest.fixture
def key(database: Database) -> Callable[..., dict[str, str]]:
    """Return a function that makes a key with scopes and returns its header."""

    def make(*scopes: str, **limits: int) -> dict[str, str]:
        key = database.write(lambda connection: create_key(connection, "test", scopes, **limits))
        return {"Authorization": f"Bearer {key}"}

    return make


@pytest.fixture
def dataset(client: FlaskClient) -> str:
    """The id of an uploaded table."""
    answer = client.post("/v1/datasets?target=churned&id=customer_id&name=home", data=CSV, content_type="text/csv")
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


@pytest.fixture(scope="session")
def estimator() -> Estimator:
    table = read_table(BytesIO(CSV), "csv")
    fitting = Fitting(table, target="churned", id_column="customer_id", spec=parse_spec(SPEC))
    for _ in fitting.epochs():
        pass
    return fitting.estimator()


@pytest.fixture
def add_version(database: Database, settings: Settings, estimator: Estimator) -> Callable[..., int]:
    """Store a version of a model like a worker, and return its number."""

    def add(model: str = "churn", by: Estimator = estimator) -> int:
        artifact = ArtifactStore(settings.artifacts).put([CSV])
        schema = {"columns": [], "warnings": [], "target": None}
        new = NewDataset("t", "text/csv", "churned", "customer_id", 300, schema)

        def work(connection: Any) -> int:
            dataset_id, _ = add_dataset(connection, artifact, new)
            job = submit(connection, Submission("training", model, dataset_id, {"spec": SPEC})).job_id
            claimed = claim(connection, job, worker="w", lease_seconds=30)
            assert claimed is not None
            version = NewVersion(
                model=model,
                dataset_id=dataset_id,
                data_sha256=artifact.sha256,
                spec=SPEC,
                columns=[],
                metrics=by.metrics,
                environment={},
                estimator=by.to_bytes(),
                weights_sha256=by.weights_sha256,
            )
            return succeed_training(connection, claimed, version)

        return database.write(work)

    return add


@pytest.fixture
def champion(add_version: Callable[..., int], client: FlaskClient) -> int:
    """The number of the version of `champion`."""
    number = add_version()
    answer = client.put("/v1/models/churn/aliases/champion", json={"version": number}, headers={"If-None-Match": "*"})
    assert answer.status_code == 201, answer.text
    return number


@pytest.fixture
def record() -> dict[str, object]:
    return {
        "customer_id": "c-1",
        "months": 24,
        "monthly_charge": 79.99,
        "support_tickets": 2,
        "usage_hours": 45,
    }


@pytest.fixture(scope="session")
def another() -> Estimator:
    """An estimator of the same customers that puts some of them on the other side."""
    fitting = Fitting(
        read_table(BytesIO(CSV), "csv"),
        target="churned",
        id_column="customer_id",
        spec=parse_spec({"epochs": 6, "seed": 3, "optimizer": {"name": "adam", "learning_rate": 0.02}}),
    )
    for _ in fitting.epochs():
        pass
    return fitting.estimator()


@pytest.fixture
def versions(add_version: Callable[..., int], another: Estimator) -> None:
    """Two versions of a model whose diff tells customers."""
    add_version()
    add_version(by=another)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Running]:
    """A server that trusts one proxy."""
    with served(settings_behind(tmp_path_factory.mktemp("behind"), sqlite_template)) as running:
        yield running
        assert "Traceback" not in "".join(running.lines)


@pytest.fixture(scope="module")
def proxy(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The proxy before that server."""
    with proxied(tmp_path_factory.mktemp("proxy"), server.url, PROXY_REQUESTS="12") as running:
        wait_until_calm(running.url, 1)
        yield running
