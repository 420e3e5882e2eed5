"""`ebb retention`: removes the files of old datasets and results, without the service."""

import click

from ebb.commands.options import as_json as json_option
from ebb.commands.options import print_rows
from store.artifacts import ArtifactStore
from store.database import open_database
from store.retention import Ages, Expired, find_expired, remove_expired
from store.settings import read_settings

COLUMNS = ("sha256", "bytes", "last_used_at", "datasets", "results", "why")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@click.option("--dataset-days", type=click.FloatRange(0), help="0 keeps them for ever. [default: EBB_DATASET_DAYS]")
@click.option("--result-days", type=click.FloatRange(0), help="0 keeps them for ever. [default: EBB_RESULT_DAYS]")
@json_option
def retention(dry_run: bool, dataset_days: float | None, result_days: float | None, as_json: bool) -> None:
    """Remove the files of datasets and results that were not used for a number of days, as workers also do.

    Datasets that a version was trained on stay, and so do those of queued and running jobs.
    """
    settings = read_settings(dataset_days=dataset_days, result_days=result_days)
    ages = Ages(settings.dataset_days, settings.result_days)
    database = open_database(settings.database_url)
    try:
        if dry_run:
            with database.read() as connection:
                found = find_expired(connection, ages)
        else:
            found = remove_expired(database, ArtifactStore(settings.artifacts), ages)
    finally:
        database.close()
    print_rows([_row(each, ages) for each in found], COLUMNS, as_json=as_json)
    verb = "would be removed" if dry_run else "were removed"
    click.echo(f"{len(found)} files of {sum(each.size for each in found):,} bytes {verb}", err=True)


def _row(expired: Expired, ages: Ages) -> dict[str, object]:
    days = [ages.datasets] * bool(expired.datasets) + [ages.results] * bool(expired.results)
    return {
        "sha256": expired.sha256,
        "bytes": expired.size,
        "last_used_at": expired.used_at,
        "datasets": list(expired.datasets),
        "results": list(expired.results),
        "why": f"not used for {max(days):g} days, and no version or unfinished job needs it",
    }
