"""Options that several commands share, the client that they name, and the printing of tables."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

import click
from rich.console import Console
from rich.table import Table

from ebb.client import Client
from ebb.home_lock import running_url
from model.errors import FileError
from model.files import read_bytes
from model.names import escaped
from model.tables.file_reading import Delimiter, Encoding
from store.settings import Settings, read_settings

Command = TypeVar("Command", bound=Callable[..., Any])

WHOLE = {
    "id",
    "job",
    "job_id",
    "created_at",
    "finished_at",
}  # columns whose values are never wrapped, so that they can be copied
PIPE_WIDTH = 240

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def service_options(command: Command) -> Command:
    """Add `--url` and `--key` to a command."""
    url = click.option("--url", help="URL of the service. [default: EBB_URL, or that of the one running in EBB_HOME]")
    key = click.option("--key", help="API key. [default: EBB_KEY]")
    return url(key(command))


def file_options(command: Command) -> Command:
    """Add `--delimiter`, `--encoding` and `--sheet`, which are found in the file where they are not given."""
    delimiter = click.option(
        "--delimiter", type=click.Choice(get_args(Delimiter)), help="What separates columns of CSV."
    )
    encoding = click.option("--encoding", type=click.Choice(get_args(Encoding)), help="The encoding of CSV.")
    sheet = click.option("--sheet", help="The sheet of a workbook. [default: the first visible one]")
    return delimiter(encoding(sheet(command)))


def open_client(url: str | None, key: str | None) -> Client:
    """Return a client of the service that the options, the settings or the home folder name.

    Raises: SettingsError.
    """
    settings = read_settings()
    return Client(url or settings.url or running_url(settings.home) or _default_url(settings), key or settings.key)


def _default_url(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.port}"


def print_item(item: Mapping[str, object], names: Sequence[str], *, as_json: bool) -> None:
    """Print some facts of an item, a line each, or the whole item as JSON."""
    if as_json:
        click.echo(json.dumps(item, default=_to_json))
        return
    width = max(map(len, names))
    for name in names:
        if item.get(name) not in (None, ""):
            click.echo(f"{name.replace('_', ' '):<{width}} {_text(item[name])}")


def show_warnings(warnings: Sequence[Mapping[str, object]]) -> None:
    """Print the warnings about a table on standard error."""
    for warning in warnings:
        click.echo(f"warning: {warning['detail']}", err=True)


def print_rows(rows: Sequence[Mapping[str, object]], columns: Sequence[str], *, as_json: bool) -> None:
    """Print rows as a table, or as one JSON array."""
    if as_json:
        click.echo(json.dumps(rows, default=_to_json))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold", no_wrap=column in WHOLE)
    for row in rows:
        table.add_row(*("" if row[column] is None else _text(row[column]) for column in columns))
    # A file or a pipe has no width.
    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, markup=False, emoji=False)
    console.print(table if rows else "none")


def _to_json(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return escaped(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def read_json(file: Path) -> Any:
    """Read a JSON file.

    Raises: FileError.
    """
    try:
        return json.loads(read_bytes(file))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FileError(f"{file} is not JSON: it cannot be read from {place} on") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{file} is not JSON: it is not text in UTF-8") from error
