"""`ebb up`: runs the whole service until Ctrl-C."""

import signal
import threading
from dataclasses import replace
from pathlib import Path
from types import FrameType

import click

from ebb.supervisor import Service, free_port
from store.settings import read_settings

WATCH_SECONDS = 0.5
STOPS = (signal.SIGINT, signal.SIGTERM)


@click.command()
@click.option("--host", help="Address to listen at. [default: EBB_HOST or 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen at. [default: EBB_PORT or 8000]")
@click.option("--home", type=click.Path(path_type=Path), help="Folder for all data. [default: EBB_HOME or var]")
def up(host: str | None, port: int | None, home: Path | None) -> None:
    """Run the web server, a worker, the broker and the database until Ctrl-C."""
    settings = read_settings(host=host, port=port, home=home)
    if settings.port == 0:
        settings = replace(settings, port=free_port())
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt  # the second signal ends the waiting
        stopping.set()

    def undo(number: int, frame: FrameType | None) -> None:
        stopping.set()  # because Python drops an exception that is raised during garbage collection
        raise KeyboardInterrupt

    for number in STOPS:  # a signal during the start stops what has started; a shell may have set SIGINT to be ignored
        signal.signal(number, undo)
    with Service(settings) as service:
        for number in STOPS:
            signal.signal(number, stop)
        if stopping.is_set():
            raise KeyboardInterrupt
        click.echo(f"Ebb is ready at {service.url} (data and logs in {settings.home}; Ctrl-C stops it)")
        while not stopping.wait(WATCH_SECONDS):
            for what in service.restart_dead():
                click.echo(f"ebb: {what}", err=True)
        click.echo("stopping: running jobs are checkpointed and queued again", err=True)
