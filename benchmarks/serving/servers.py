"""Starts and stops the compared servers, each with two processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from serving.home import training_csv
from store.broker import open_broker
from store.settings import Settings

PROCESSES, THREADS = 2, Settings().web_threads
HERE = Path(__file__).parents[1]
START_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """A running server."""

    name: str
    url: str
    process: int


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def program(name: str, command: Sequence[str], environ: Mapping[str, str], port: int) -> Iterator[Server]:
    """Run a server while the context is open."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **environ}
    process = subprocess.Popen(command, env=environ, cwd=HERE, start_new_session=True, **quiet)
    try:
        _wait(f"http://127.0.0.1:{port}/livez", process)
        yield Server(name, f"http://127.0.0.1:{port}", process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"{process.args} did not start"
        try:
            urlopen(url, timeout=5).close()
        except URLError as error:
            if hasattr(error, "code"):  # it answers, with any status
                return
        except OSError:
            pass
        else:
            return
        time.sleep(0.2)
    raise AssertionError(f"{process.args} did not answer")


@contextmanager
def ebb(home: Path) -> Iterator[Server]:
    """Run Ebb as in production: keys, rate limits in Redis, metrics and logs."""
    port, broker = free_port(), open_broker(Settings(home=home))
    environ = {
        "EBB_HOME": str(home),
        "DATABASE_URL": f"sqlite:///{home / 'ebb.db'}",
        "REDIS_URL": broker.url,
        "EBB_HOST": "0.0.0.0",
        "EBB_PORT": str(port),
        "EBB_WEB_PROCESSES": str(PROCESSES),
        "EBB_WEB_THREADS": str(THREADS),
        "EBB_PROXIES": "1",
        "EBB_REQUESTS_PER_MINUTE": "1000000",  # counted and never reached
        "PYTHONPATH": str(HERE.parent),
    }
    try:
        with program("Ebb", [sys.executable, "-m", "app"], environ, port) as server:
            yield server
    finally:
        broker.stop()


@contextmanager
def proxied(server: Server, folder: Path) -> Iterator[Server]:
    """Run the proxy of docker-compose.yml before a server; needs Debian's nginx."""
    port, path = free_port(), f"{os.environ['PATH']}:/usr/sbin"
    if shutil.which("nginx", path=path) is None:
        raise SystemExit("the proxy needs nginx: apt-get install nginx-light")
    environ = {
        "PATH": path,
        "PROXY_SERVICE": server.url.removeprefix("http://"),
        "PROXY_LISTEN": f"127.0.0.1:{port}",
        "PROXY_FOLDER": str(folder),
    }
    with program(f"{server.name} through nginx", ["sh", str(HERE.parent / "deploy" / "proxy.sh")], environ, port) as it:
        yield it


@contextmanager
def gunicorn(name: str, module: str, python: str, home: Path) -> Iterator[Server]:
    """Run a Flask application under gunicorn's threads."""
    port = free_port()
    options = ["-w", str(PROCESSES), "--threads", str(THREADS), "-k", "gthread", "-b", f"127.0.0.1:{port}"]
    environ = {"TRAINING_TABLE": str(home / "training.csv"), "PYTHONPATH": str(HERE)}
    with program(name, [python, "-m", "gunicorn", *options, f"{module}:app"], environ, port) as server:
        yield server


@contextmanager
def peers(python: str, home: Path) -> Iterator[list[Server]]:
    """Run Flask, FastAPI and MLflow with scikit-learn, by a Python that has them."""
    environ = {"TRAINING_TABLE": str(home / "training.csv"), "PYTHONPATH": str(HERE)}
    (home / "training.csv").write_bytes(training_csv())
    saved, ports = home / "mlflow", [free_port() for _ in range(2)]
    subprocess.run([python, "-m", "serving.mlflow_model", str(saved)], env=os.environ | environ, cwd=HERE, check=True)
    uvicorn = ["uvicorn", "serving.fastapi_scikit:app", "--workers", str(PROCESSES), "--port", str(ports[0])]
    mlflow = ["mlflow", "models", "serve", "-m", str(saved), "--env-manager", "local", "--workers", str(PROCESSES)]
    quiet = ["--log-level", "warning"]
    environ["PATH"] = f"{Path(python).parent}:{os.environ['PATH']}"
    with ExitStack() as stack:
        yield [
            stack.enter_context(gunicorn("Flask + pandas + scikit-learn", "serving.flask_scikit", python, home)),
            stack.enter_context(
                program("FastAPI + pydantic + scikit-learn", [python, "-m", *uvicorn, *quiet], environ, ports[0])
            ),
            stack.enter_context(
                program("mlflow models serve", [python, "-m", *mlflow, "--port", str(ports[1])], environ, ports[1])
            ),
        ]
