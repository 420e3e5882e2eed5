"""`ebb secrets`: creates the passwords of an installation at its first start."""

from pathlib import Path
from secrets import token_urlsafe

import click

from ebb.private_file import write_private
from store.passwords import read_password

BYTES = 32


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def secrets(files: tuple[Path, ...]) -> None:
    """Write a random password to each of these FILES that does not exist.

    Its owner and its group can read it. A file that exists keeps its password.
    """
    for path in files:
        try:
            if path.exists():
                read_password(path)
            else:
                write_private(path, token_urlsafe(BYTES), mode=0o440)
                click.echo(f"wrote a new password to {path}")
        except OSError as error:
            raise click.ClickException(f"cannot write a password to {path}: {error.strerror}") from error
        except ValueError as error:
            raise click.ClickException(f"{error}; put a password there, or remove the file to have one made") from error
