"""`ebb score`: scores a file by a stored version, in this process or as a job of the service."""

import sys
from pathlib import Path
from typing import get_args

import click

from ebb.commands.options import file_options, open_client, service_options
from ebb.job_results import score_by_job
from model.estimator import Direction, Estimator
from model.files import new_file
from model.outputs import OUTPUTS, Layout, output_of
from model.outputs.writing import ScoringSummary, write_scores
from model.scoring import score_file, usual_reading
from model.tables.file_reading import FileReading
from model.tables.reader import format_of
from store.alias_names import CHAMPION
from store.settings import read_settings

DIRECTIONS = get_args(Direction)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write: CSV, or NDJSON or Parquet if its name ends in .ndjson or .parquet.",
)
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", help=f"Score by the version this alias points at.  [default: {CHAMPION}]")
@click.option("--version", type=int, help="Score by this version instead of an alias.")
@click.option("--explain", type=click.IntRange(0, 1000), default=0, help="Reasons for each customer.")
@click.option("--direction", type=click.Choice(DIRECTIONS), help="Only reasons that raise the risk, or lower it.")
@click.option("--via-job", is_flag=True, help="Score by a job of the service.")
@file_options
@service_options
def score(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Path,
    out: Path,
    model: str,
    alias: str | None,
    version: int | None,
    explain: int,
    direction: Direction | None,
    via_job: bool,
    url: str | None,
    key: str | None,
    **read_as: str | None,
) -> None:
    """Score the customers of a CSV, NDJSON, Parquet or XLSX file; the end of its name gives the format.

    CSV and NDJSON may be packed by gzip or zip. Delimiter, encoding and sheet are found in the file.
    """
    if alias is not None and version is not None:
        raise click.UsageError("give --alias or --version, not both")
    if direction is not None and not explain:
        raise click.UsageError("--direction needs --explain, the number of reasons")
    if via_job:
        with open_client(url, key) as client:
            number, summary = score_by_job(client, file, out, model, alias, version, explain, direction, **read_as)
    else:
        number, summary = _score_here(file, out, model, alias or CHAMPION, version, explain, direction, **read_as)
    scored = summary.rows - summary.errors
    click.echo(f"version {number} of {model} scored {scored:,} of {summary.rows:,} customers: {out}")
    for warning in summary.warnings():
        click.echo(f"warning: {warning}", err=True)
    if summary.errors:
        click.echo("the column 'error' says why of each row", err=True)
    if summary.errors == summary.rows:
        sys.exit(1)


def _score_here(  # noqa: PLR0913, PLR0917 - what, whereto, and by which version
    file: Path,
    out: Path,
    model: str,
    alias: str,
    version: int | None,
    explain: int,
    direction: Direction | None,
    **read_as: str | None,
) -> tuple[int, ScoringSummary]:
    output = OUTPUTS[output_of(out)]
    number, estimator = _load(model, alias, version)
    with new_file(out) as stream:
        wanted = FileReading.from_json({"format": format_of(file), **read_as})
        reading, warnings = usual_reading(estimator, file, wanted)
        batches = score_file(estimator, file, reading, explain, direction)
        summary = write_scores(estimator, batches, output(Layout.of(estimator, explain)), stream, warnings)
    return number, summary


def _load(model: str, alias: str, version: int | None) -> tuple[int, Estimator]:
    from store.database import open_database  # noqa: PLC0415 - --via-job needs no part of the service
    from store.registry.aliases import get_alias  # noqa: PLC0415
    from store.registry.versions import load_estimator  # noqa: PLC0415

    database = open_database(read_settings().database_url)
    with database.read() as connection:
        number = version if version is not None else get_alias(connection, model, alias).version
        data = load_estimator(connection, model, number)
    database.close()
    return number, Estimator.from_bytes(data)
