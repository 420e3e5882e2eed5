"""The command `ebb`: starts, uses and maintains the service."""

import importlib
import sys

import click

from ebb.errors import EbbError, MissingPartError
from model.errors import OUT_OF_MEMORY, ModelError
from store.errors import StoreError

# command → its file in ebb/commands
FILES = {
    "up": "up",
    "demo": "demo",
    "train": "train",
    "call-list": "call_list",
    "datasets": "datasets",
    "models": "models",
    "versions": "versions",
    "jobs": "jobs",
    "sweep": "sweep",
    "score": "score",
    "audit": "audit",
    "serve": "processes",
    "worker": "processes",
    "migrate": "migrate",
    "secrets": "secrets",
    "keys": "keys",
    "retention": "retention",
}
OURS = {"ebb", "model", "store"}


class Commands(click.Group):
    """The commands, each imported when it is used: a client needs no package of the service."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; one that says what to install where a package is missing."""
        if cmd_name not in FILES:
            return None
        try:
            module = importlib.import_module(f"ebb.commands.{FILES[cmd_name]}")
        except ModuleNotFoundError as error:
            return _without(cmd_name, _missing(error))
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


def _missing(error: ModuleNotFoundError) -> MissingPartError:
    """Return the error of an installation without the service.

    Raises: the error itself, if a module of Ebb is missing.
    """
    if (error.name or "").partition(".")[0] in OURS:
        raise error
    return MissingPartError(f"this command needs {error.name}, a part of the service: pip install 'ebb[server]'")


def _without(name: str, missing: MissingPartError) -> click.Command:
    """Return the command in an installation without a package that it needs."""

    def refuse(_: tuple[str, ...]) -> None:
        raise missing

    taken = click.Argument(["_"], nargs=-1, type=click.UNPROCESSED)
    ignoring = {"ignore_unknown_options": True, "allow_extra_args": True}
    text = "Needs the service: pip install 'ebb[server]'."
    return click.Command(name, callback=refuse, params=[taken], help=text, context_settings=ignoring)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def ebb() -> None:
    """Predict which customers leave, with reasons, and choose whom to contact."""


def main() -> None:
    """Run the command line; an expected error prints one sentence and exits with code 1."""
    try:
        ebb()
    except (EbbError, StoreError, ModelError) as error:
        click.echo(f"ebb: {error}", err=True)
        sys.exit(1)
    except ModuleNotFoundError as error:
        click.echo(f"ebb: {_missing(error)}", err=True)
        sys.exit(1)
    except MemoryError:
        click.echo(f"ebb: {OUT_OF_MEMORY}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
