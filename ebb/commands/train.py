"""`ebb train`: uploads a table, trains on it, follows the training and promotes the version, over HTTP."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from ebb.answers import Job
from ebb.client import Client
from ebb.client.client import version_of
from ebb.client.sent_tables import media_type_of
from ebb.commands.jobs import EXIT_CODES, print_job
from ebb.commands.options import as_json as json_option
from ebb.commands.options import file_options, open_client, read_json, service_options, show_warnings
from ebb.watch import watch_job
from model.errors import FileError
from model.spec import PRESETS

QUALITY = (("valid_auc", "AUC"), ("valid_loss", "log loss"))  # on held-out rows


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--target", required=True, help="The column that says who churned.")
@click.option("--id", "id_column", default="", help="The column that names customers.")
@click.option("--model", default="churn", show_default=True, help="Name of the registered model.")
@click.option("--name", help="Name of the dataset. [default: that of FILE]")
@click.option("--preset", type=click.Choice(PRESETS), help="How much to spend on planned ensembles. [default: auto]")
@click.option(
    "--spec",
    "spec_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="JSON file with the training spec.",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the spec; repeatable.")
@click.option("--promote", is_flag=True, help="Make it the champion, unless the champion is as good.")
@click.option("--promote-always", is_flag=True, help="Make it the champion.")
@file_options
@service_options
@json_option
def train(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Path,
    target: str,
    id_column: str,
    model: str,
    name: str | None,
    preset: str | None,
    spec_file: Path | None,
    settings: tuple[str, ...],
    promote: bool,
    promote_always: bool,
    url: str | None,
    key: str | None,
    as_json: bool,
    **read_as: str | None,
) -> None:
    """Upload FILE, train a version on it, follow the training, and promote the version.

    Without --spec and --set, the service plans ensembles for the table. --set takes JSON, and a dot for a key inside
    another, such as --set epochs=50 --set optimizer.learning_rate=0.01.

    The exit code is 0 if the training succeeded, 1 if it failed or could not be followed, and 3 if it was cancelled.
    The training continues if following is interrupted.
    """
    spec, media_type = _spec(preset, spec_file, settings), media_type_of(file)
    wanted = _promotion(promote, promote_always)
    with open_client(url, key) as client:
        dataset = client.upload_dataset(
            file, name=name or file.stem, target=target, id_column=id_column, media_type=media_type, **read_as
        )
        click.echo(f"uploaded {dataset.rows:,} customers: dataset {dataset.id}", err=True)
        show_warnings(dataset.warnings)
        submitted = client.submit_training(model, dataset.id, spec, promote=wanted)
        click.echo(f"training job {submitted.id}; Ctrl-C leaves it running", err=True)
        job, epochs = watch_job(client, submitted.id, Console(stderr=True))
        if as_json or job.state != "succeeded":
            print_job(job, epochs, as_json=as_json)
        else:
            _tell(client, model, job)
    sys.exit(EXIT_CODES[job.state])


def _promotion(promote: bool, always: bool) -> str:
    if promote and always:
        raise click.UsageError("give --promote or --promote-always, not both")
    return "always" if always else "if_better" if promote else "never"


def _spec(preset: str | None, file: Path | None, settings: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the spec of the options; None for that of the service.

    Raises: FileError, click.UsageError.
    """
    if preset and file:
        raise click.UsageError("give --preset or --spec, not both: a preset plans the spec")
    spec: dict[str, Any] = {} if preset is None else {"preset": preset}
    if file is not None:
        spec = read_json(file)
        if not isinstance(spec, dict):
            raise FileError(f'{file} must hold a JSON object, such as {{"epochs": 50}}')
    for setting in settings:
        _set(spec, setting)
    return spec if spec or file is not None else None


def _set(spec: dict[str, Any], setting: str) -> None:
    """Change a key of the spec; a text without quotes is a text."""
    path, equals, value = setting.partition("=")
    if not path or not equals:
        raise click.BadParameter(f"{setting!r} is not KEY=VALUE, such as epochs=50", param_hint="--set")
    *outer, last = path.split(".")
    for name in outer:
        spec = spec.setdefault(name, {})
        if not isinstance(spec, dict):
            raise click.BadParameter(f"{setting!r}: {name!r} is {spec!r}, which has no keys", param_hint="--set")
    try:
        spec[last] = json.loads(value)
    except ValueError:
        spec[last] = value


def _tell(client: Client, model: str, job: Job) -> None:
    """Print the version, its quality, and whether it scores."""
    result = job.result or {}
    version = version_of(result)
    metrics = client.version(model, version).metrics
    quality = [f"{name} {metrics[key]:.4f}" for key, name in QUALITY if isinstance(metrics.get(key), float)]
    click.echo(f"version {version} of {model}: {', '.join(quality) or 'without held-out rows'}")
    warnings: Any = result.get("warnings") or ()
    for warning in warnings:
        click.echo(f"warning: {warning['detail']}", err=True)
    click.echo(_standing(model, version, result))


def _standing(model: str, version: int, result: Mapping[str, Any]) -> str:
    if result.get("promoted"):
        return f"it is the champion of {model} now, which scores: next, ebb call-list FILE --capacity 200"
    reason = (result.get("gate") or {}).get("reason")
    why = f"it was not promoted: {reason}" if reason else "it does not score yet"
    return f"{why}; to make it the champion: ebb models promote {model} {version}"
