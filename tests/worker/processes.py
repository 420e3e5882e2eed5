"""Workers as separate processes, with a real broker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from store.settings import Settings


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m worker` until the end of the block, or until a stop."""
    environ = {**os.environ, **settings.environ()}
    with subprocess.Popen([sys.executable, "-m", "worker"], env=environ) as process:
        try:
            yield process
        finally:
            process.kill()
