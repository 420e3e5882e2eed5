"""The command `ebb`: starts, uses and maintains the service."""

import sys

import click

from ebb.commands.audit import audit
from ebb.commands.demo import demo
from ebb.commands.jobs import jobs
from ebb.commands.keys import keys
from ebb.commands.migrate import migrate
from ebb.commands.models import models
from ebb.commands.processes import serve, worker
from ebb.commands.retention import retention
from ebb.commands.score import score
from ebb.commands.secrets import secrets
from ebb.commands.sweep import sweep
from ebb.commands.up import up
from ebb.errors import EbbError
from model.errors import OUT_OF_MEMORY, ModelError
from store.errors import StoreError

COMMANDS = (up, demo, serve, worker, migrate, secrets, keys, jobs, models, sweep, score, audit, retention)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def ebb() -> None:
    """Predict which customers leave, with reasons, and choose whom to contact."""


for command in COMMANDS:
    ebb.add_command(command)


def main() -> None:
    """Run the command line; an expected error prints one sentence and exits with code 1."""
    try:
        ebb()
    except (EbbError, StoreError, ModelError) as error:
        click.echo(f"ebb: {error}", err=True)
        sys.exit(1)
    except MemoryError:
        click.echo(f"ebb: {OUT_OF_MEMORY}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
