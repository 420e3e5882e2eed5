"""`ebb versions`: lists, shows, compares, evaluates, replays, downloads and deletes versions, over HTTP."""

import sys
from pathlib import Path

import click
import msgspec

from ebb.commands.diff import diff
from ebb.commands.evaluate import evaluate
from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_item, print_rows, service_options
from ebb.errors import MissingPartError
from ebb.versions_table import COLUMNS, different_rows, reported, version_rows
from model.estimator import Estimator
from model.files import write_bytes
from store.alias_names import CHAMPION

FACTS = ("model", "version", "job_id", "dataset", "data_sha256", "weights_sha256", "created_at")


@click.group()
def versions() -> None:
    """List, show, compare, evaluate, replay, download and delete the versions of a model."""


versions.add_command(diff)
versions.add_command(evaluate)


@versions.command(name="list")
@click.argument("model")
@click.option("--dataset", help="Evaluate every version on this dataset with known outcomes, by jobs.")
@service_options
@json_option
def list_command(model: str, url: str | None, key: str | None, as_json: bool, dataset: str | None) -> None:
    """List the versions of MODEL, the newest first, with what differs in their specs.

    The figures are those of each version's own held-out rows. To compare versions on the same table, name a dataset.
    """
    with open_client(url, key) as client:
        found = list(client.versions(model))
        champion = client.alias(model, CHAMPION)
        rows = version_rows(found, champion[0].version if champion else None)
        if dataset is not None:
            jobs = [client.evaluate(model, version.version, dataset).id for version in found]
            results = [client.wait(job).result or {} for job in jobs]
            rows = [reported(row, result) for row, result in zip(rows, results, strict=True)]
            if note := different_rows(results):
                click.echo(f"note: {note}", err=True)
    if not as_json:
        print_rows(rows, COLUMNS, as_json=False)
        return
    whole = [msgspec.to_builtins(version) for version in found]
    for row in whole:
        row.update({name: row["metrics"].get(name) for name in ("valid_loss", "valid_auc")})
    if dataset is not None:
        whole = [{**row, "evaluation": result} for row, result in zip(whole, results, strict=True)]
    print_rows(whole, (), as_json=True)


@versions.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@service_options
@json_option
def show(model: str, version: int, url: str | None, key: str | None, as_json: bool) -> None:
    """Show VERSION of MODEL; with --json, its spec, metrics and environment too."""
    with open_client(url, key) as client:
        found = client.version(model, version)
    whole = msgspec.to_builtins(found)
    figures = {name: value for name, value in found.metrics.items() if isinstance(value, int | float)}
    print_item(whole if as_json else {**whole, **figures}, (*FACTS, *figures), as_json=as_json)


@versions.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@service_options
@json_option
def download(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: str, version: int, out: Path, url: str | None, key: str | None, as_json: bool
) -> None:
    """Download VERSION of MODEL: an ONNX model if the name ends in .onnx, else its safetensors file.

    `ebb.ChurnClassifier.open` opens the safetensors file without the service.
    """
    with open_client(url, key) as client:
        data = client.weights(model, version)
    write_bytes(out, _as_onnx(data) if out.suffix == ".onnx" else data)
    facts: dict[str, object] = {"file": str(out), "bytes": out.stat().st_size}
    print_item(facts, (), as_json=True) if as_json else click.echo(f"{out}: {facts['bytes']:,} bytes")


@versions.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@service_options
@json_option
def delete(model: str, version: int, url: str | None, key: str | None, as_json: bool) -> None:
    """Delete VERSION of MODEL; refused while an alias or an unfinished job needs it."""
    with open_client(url, key) as client:
        client.delete_version(model, version)
    facts: dict[str, object] = {"model": model, "version": version}
    print_item(facts, (), as_json=True) if as_json else click.echo(f"version {version} of {model} is deleted")


@versions.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@service_options
@json_option
def replay(model: str, version: int, url: str | None, key: str | None, as_json: bool) -> None:
    """Train VERSION of MODEL again and compare the bytes; exit code 1 if they differ."""
    with open_client(url, key) as client:
        outcome = client.wait(client.replay(model, version).id).result or {}
    if as_json:
        print_item(outcome, (), as_json=True)
        sys.exit(0 if outcome["equal"] else 1)
    for differs in outcome["environment_differs"] if isinstance(outcome["environment_differs"], list) else ():
        click.echo(f"{differs['name']} was {differs['then']}, and is {differs['here']}", err=True)
    words = "the same bytes" if outcome["equal"] else f"other bytes, {outcome['replayed_sha256']}"
    click.echo(f"version {version} of {model}, {outcome['weights_sha256']}: {words}")
    sys.exit(0 if outcome["equal"] else 1)


def _as_onnx(data: bytes) -> bytes:
    """Return the estimator of these bytes as an ONNX model.

    Raises: MissingPartError, EstimatorError.
    """
    try:
        from ebb.onnx_export import to_onnx  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingPartError(f"an ONNX model needs {error.name}: pip install 'ebb[onnx]'") from error
    return to_onnx(Estimator.from_bytes(data))
