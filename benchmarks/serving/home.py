"""A home folder with trained versions, made without training jobs."""

from io import BytesIO
from pathlib import Path

from ebb.customers import customers
from model.estimator import Estimator, Fitting
from model.spec import parse_spec
from model.tables.reader import read_table
from store.alias_names import CHAMPION
from store.artifacts import ArtifactStore
from store.database import Connection, open_database
from store.datasets import NewDataset, add_dataset
from store.jobs.claim import claim
from store.jobs.finish import succeed_training
from store.jobs.submit import Submission, submit
from store.keys import create_key
from store.migrate import upgrade
from store.registry.aliases import Promotion
from store.registry.versions import NewVersion

MODEL = "churn"
TRAINING_ROWS = 1_000
SPEC = {"layers": [8, 4], "epochs": 30, "optimizer": {"name": "adam", "learning_rate": 0.01}}


def training_csv() -> bytes:
    """Return the customers that all servers train on."""
    return customers(TRAINING_ROWS, seed=1).to_csv().encode()


def train() -> Estimator:
    """Train the home case, 4-8-4-1."""
    table = read_table(BytesIO(training_csv()), "csv")
    fitting = Fitting(table, target="churned", id_column="customer_id", spec=parse_spec(SPEC))
    for _ in fitting.epochs():
        pass
    return fitting.estimator()


def furnish(home: Path, *, versions: int = 1) -> str:
    """Migrate a database in this folder, store versions, point `champion` at the first; return a key."""
    database = open_database(f"sqlite:///{home / 'ebb.db'}")
    upgrade(database)
    artifact = ArtifactStore(home / "artifacts").put([training_csv()])
    schema = {"columns": [], "warnings": [], "target": None}
    new = NewDataset("home", "text/csv", "churned", "customer_id", TRAINING_ROWS, schema)
    estimator = train()
    version = {
        "model": MODEL,
        "data_sha256": artifact.sha256,
        "spec": estimator.spec,
        "columns": [],
        "metrics": estimator.metrics,
        "environment": {},
        "estimator": estimator.to_bytes(),
        "weights_sha256": estimator.weights_sha256,
    }

    def add(connection: Connection) -> None:
        dataset, _ = add_dataset(connection, artifact, new)
        job = submit(connection, Submission("training", MODEL, dataset, {"spec": SPEC})).job_id
        claimed = claim(connection, job, worker="benchmark", lease_seconds=30)
        assert claimed is not None
        succeed_training(connection, claimed, NewVersion(dataset_id=dataset, **version), Promotion(CHAMPION, 0))

    for _ in range(versions):
        database.write(add)
    key = database.write(lambda connection: create_key(connection, "benchmark", ["score"]))
    database.close()
    return key
