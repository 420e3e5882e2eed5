"""`ebb score`: a whole file by a stored version, without a server."""

from pathlib import Path

import click

from model.estimator import Estimator
from model.files import new_text
from model.scoring import score_file, write_scores
from model.tables.reading import format_of
from store.database import open_database
from store.registry.aliases import CHAMPION, get_alias
from store.registry.versions import load_estimator
from store.settings import read_settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="CSV file to write.")
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", default=CHAMPION, show_default=True)
@click.option("--version", type=int, help="Score by this version instead of an alias.")
def score(file: Path, out: Path, model: str, alias: str, version: int | None) -> None:
    """Score the customers of a CSV, NDJSON or Parquet file."""
    number, estimator = _load(model, alias, version)
    with new_text(out) as stream:
        batches = score_file(estimator, file, format_of(file))
        rows, failed = write_scores(batches, estimator.id_column or "row", stream)
    click.echo(f"version {number} of {model} scored {rows - failed:,} of {rows:,} customers: {out}")
    if failed:
        click.echo(f"{failed:,} could not be scored; the column 'error' says why", err=True)


def _load(model: str, alias: str, version: int | None) -> tuple[int, Estimator]:
    database = open_database(read_settings().database_url)
    with database.read() as connection:
        number = version if version is not None else get_alias(connection, model, alias).version
        data = load_estimator(connection, model, number)
    database.close()
    return number, Estimator.from_bytes(data)
