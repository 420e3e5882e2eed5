"""A registry for pages: a model with three versions of different kinds of networks, and a champion that moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from ebb.customers import customers
from model.estimator import Estimator, Fitting
from model.spec import parse_recipe
from model.tables.reader import read_table
from store.artifacts import ArtifactStore
from store.database import Connection, Database
from store.datasets import NewDataset, add_dataset
from store.jobs.claim import claim
from store.jobs.finish import succeed_training
from store.jobs.submit import Submission, submit
from store.registry.aliases import AliasUpdate, move_alias
from store.registry.versions import NewVersion
from store.settings import Settings

QUICK = {"epochs": 6, "optimizer": {"name": "adam", "learning_rate": 0.02}}
SPECS: Sequence[Mapping[str, Any]] = (
    {**QUICK, "layers": [6, 4]},
    {**QUICK, "layers": [8, {"residual": [{"dense": 8}, {"silu": {}}]}], "members": 2, "seed": 3},
    {"preset": "quick"},
)
TABLE = customers(600, seed=1).to_csv().encode()


@dataclass(frozen=True)
class Trained:
    """A spec and the estimator that was trained by it."""

    spec: Mapping[str, Any]
    estimator: Estimator


def train(spec: Mapping[str, Any], data: bytes = TABLE) -> Trained:
    """Train on a table of customers."""
    table = read_table(BytesIO(data), "csv")
    fitting = Fitting(table, target="churned", id_column="customer_id", spec=parse_recipe(spec))
    for _ in fitting.epochs():
        pass
    return Trained(spec, fitting.estimator())


def register(database: Database, settings: Settings, model: str, trained: Trained, data: bytes = TABLE) -> int:
    """Store a version of a model as a worker does, and return its number."""
    artifact = ArtifactStore(settings.artifacts).put([data])
    estimator = trained.estimator
    columns = [{"name": name, "kind": "numeric", "missing": 0} for name in estimator.encoder.names]
    schema = {"columns": columns, "warnings": [], "target": None}
    dataset = NewDataset("customers", "text/csv", "churned", "customer_id", data.count(b"\n") - 1, schema)

    def work(connection: Connection) -> int:
        dataset_id, _ = add_dataset(connection, artifact, dataset)
        job = submit(connection, Submission("training", model, dataset_id, {"spec": trained.spec})).job_id
        claimed = claim(connection, job, worker="w", lease_seconds=30)
        assert claimed is not None
        version = NewVersion(
            model=model,
            dataset_id=dataset_id,
            data_sha256=artifact.sha256,
            spec=parse_recipe(trained.spec).to_json(),
            columns=estimator.encoder.to_json(),
            metrics=estimator.metrics,
            environment={"python": "3.13", "numpy": "2.4"},
            estimator=estimator.to_bytes(),
            weights_sha256=estimator.weights_sha256,
        )
        return succeed_training(connection, claimed, version)

    return database.write(work)


def promote(database: Database, model: str, *versions: int) -> None:
    """Move the champion to each version in turn."""
    for revision, version in enumerate(versions):
        update = AliasUpdate(version, revision, "local")
        database.write(lambda connection, update=update: move_alias(connection, model, "champion", update))
