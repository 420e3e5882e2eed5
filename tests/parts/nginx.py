"""The proxy of docker-compose.yml, started by its own script before a server on this machine."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.parts.unprivileged import private_folder, server_account

ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0
DEBIAN = "/usr/sbin"  # the path of nginx on Debian, which is not on every PATH


class Proxy:
    """A running nginx, with the settings of `environ` and those of the test."""

    def __init__(self, folder: Path, service: str, environ: dict[str, str]) -> None:
        path = nginx_path()
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "nginx.log"
        # Started by root, nginx has its work done by another user, who cannot get to the test's folder.
        self.spool = private_folder(server_account())
        mine = {
            "PROXY_SERVICE": service,
            "PROXY_LISTEN": f"127.0.0.1:{self.port}",
            "PROXY_FOLDER": str(folder),
            "PROXY_SPOOL": str(self.spool),
        }
        folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", str(ROOT / "deploy" / "proxy.sh")],
                env={**os.environ, "PATH": path, **mine, **environ},
                stderr=log,
                start_new_session=True,  # the script follows addresses beside nginx
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        """End nginx and the script."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(START_SECONDS)
        shutil.rmtree(self.spool, ignore_errors=True)


def nginx_path() -> str:
    """Return a PATH on which nginx is."""
    path = f"{os.environ['PATH']}:{DEBIAN}"
    if shutil.which("nginx", path=path) is None:
        raise RuntimeError("the tests of the proxy need nginx: apt-get install nginx-light")
    return path


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
