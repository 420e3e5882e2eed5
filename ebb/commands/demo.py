"""`ebb demo`: runs the demonstration over HTTP, with a running service or one of its own."""

from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from ebb.client import Client
from ebb.demo.run import run_demo
from ebb.home_lock import running_url
from ebb.supervisor import Service, free_port
from store.settings import read_settings


@click.command()
@click.option("--url", help="Use the service at this address instead of starting one.")
@click.option("--key", help="API key for that service. [default: EBB_KEY]")
@click.option("--home", type=click.Path(path_type=Path), help="Folder for all data. [default: EBB_HOME or var]")
def demo(url: str | None, key: str | None, home: Path | None) -> None:
    """Train on 1,000 customers, score them all, and write a report."""
    settings = read_settings(home=home)
    console = Console()
    running = url or running_url(settings.home)
    if running is None:
        settings = read_settings(home=home, host="127.0.0.1", port=free_port())
        with ExitStack() as stack:
            with console.status("starting broker, worker and web server"):
                service = stack.enter_context(Service(settings))
            console.print(f"started the service at {service.url}")
            _drive(service.url, "", settings.home, console)
        return
    console.print(f"using the service that runs at {running}")
    _drive(running, key or settings.key, settings.home, console)


def _drive(url: str, key: str, home: Path, console: Console) -> None:
    with Client(url, key or None) as client:
        run_demo(client, home, console)
