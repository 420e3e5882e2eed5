"""`ebb retention`: removes the files of old datasets and results, without the service."""

from collections.abc import Sequence

import click

from ebb.commands.options import as_json as json_option
from ebb.commands.options import print_rows
from store.artifacts import ArtifactStore
from store.database import Database, open_database
from store.registry.version_deletion import find_old_versions
from store.retention import Ages, Expired, find_expired, remove_expired, remove_old_versions
from store.rows import VersionRow
from store.settings import Settings, read_settings

COLUMNS = ("sha256", "bytes", "last_used_at", "datasets", "results", "version", "why")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@click.option("--dataset-days", type=click.FloatRange(0), help="0 keeps them for ever. [default: EBB_DATASET_DAYS]")
@click.option("--result-days", type=click.FloatRange(0), help="0 keeps them for ever. [default: EBB_RESULT_DAYS]")
@click.option("--version-days", type=click.FloatRange(0), help="0 keeps them for ever. [default: EBB_VERSION_DAYS]")
@json_option
def retention(
    dry_run: bool, dataset_days: float | None, result_days: float | None, version_days: float | None, as_json: bool
) -> None:
    """Remove the files of datasets and results that were not used for a number of days, and old versions.

    Workers do so, too. Datasets that a version was trained on stay, and so do those of queued and running jobs.
    Versions stay that an alias, its rollback or an unfinished job needs, and the newest of each model.
    """
    settings = read_settings(dataset_days=dataset_days, result_days=result_days, version_days=version_days)
    ages = Ages(settings.dataset_days, settings.result_days)
    database = open_database(settings.database_url)
    try:
        files, old = _find(database, settings, ages) if dry_run else _remove(database, settings, ages)
    finally:
        database.close()
    rows = [*(_row(each, ages) for each in files), *(_version_row(each, settings.version_days) for each in old)]
    print_rows(rows, COLUMNS, as_json=as_json)
    verb = "would be removed" if dry_run else "were removed"
    size = sum(each.size for each in files)
    click.echo(f"{len(files)} files of {size:,} bytes and {len(old)} versions {verb}", err=True)


def _find(database: Database, settings: Settings, ages: Ages) -> tuple[Sequence[Expired], Sequence[VersionRow]]:
    with database.read() as connection:
        return find_expired(connection, ages), find_old_versions(connection, settings.version_days)


def _remove(database: Database, settings: Settings, ages: Ages) -> tuple[Sequence[Expired], Sequence[VersionRow]]:
    old = remove_old_versions(database, settings.version_days)  # first: a version keeps its dataset
    return remove_expired(database, ArtifactStore(settings.artifacts), ages), old


def _version_row(row: VersionRow, days: float) -> dict[str, object]:
    return {
        "sha256": row.weights_sha256,
        "bytes": None,
        "last_used_at": row.created_at,
        "datasets": [],
        "results": [],
        "version": f"{row.model}/{row.version}",
        "why": f"trained more than {days:g} days ago, and no alias or unfinished job needs it",
    }


def _row(expired: Expired, ages: Ages) -> dict[str, object]:
    days = [ages.datasets] * bool(expired.datasets) + [ages.results] * bool(expired.results)
    return {
        "sha256": expired.sha256,
        "bytes": expired.size,
        "last_used_at": expired.used_at,
        "datasets": list(expired.datasets),
        "results": list(expired.results),
        "version": None,
        "why": f"not used for {max(days):g} days, and no version or unfinished job needs it",
    }
