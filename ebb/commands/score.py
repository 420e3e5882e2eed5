"""`ebb score`: a whole file by a stored version, without a server."""

from pathlib import Path

import click

from model.estimator import Estimator
from model.scored_file import write_scores
from store.database import open_database
from store.registry.aliases import get_alias
from store.registry.versions import load_estimator
from store.settings import read_settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="CSV file to write.")
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", default="champion", show_default=True)
@click.option("--version", type=int, help="Score by this version instead of an alias.")
def score(file: Path, out: Path, model: str, alias: str, version: int | None) -> None:
    """Score the customers of a CSV, NDJSON or Parquet file."""
    database = open_database(read_settings().database_url)
    with database.read() as connection:
        number = version if version is not None else get_alias(connection, model, alias).version
        estimator = Estimator.from_bytes(load_estimator(connection, model, number))
    database.close()
    rows = write_scores(estimator, file, out)
    click.echo(f"scored {rows:,} customers by version {number} of {model}: {out}")
