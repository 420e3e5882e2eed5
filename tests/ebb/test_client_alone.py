"""The client and the estimator need no package of the service, and the client no scikit-learn."""

import subprocess
import sys
from pathlib import Path

import pytest

SERVER = ("flask", "celery", "sqlalchemy", "alembic", "redis", "kombu", "gunicorn", "werkzeug", "limits", "psycopg")
BLOCK = "import sys\nfor name in {names!r}: sys.modules[name] = None\n"


def run(script: str, *blocked: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process where the blocked packages cannot be imported."""
    command = [sys.executable, "-c", BLOCK.format(names=blocked) + script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("script", "blocked"),
    [
        ("from ebb import Client; Client('http://127.0.0.1:1')", (*SERVER, "sklearn", "pandas", "matplotlib", "onnx")),
        ("from ebb import Client, ChurnClassifier; ChurnClassifier()", (*SERVER, "pandas", "matplotlib", "onnx")),
    ],
)
def test_it_is_imported_without_the_service(script: str, blocked: tuple[str, ...]) -> None:
    done = run(script, *blocked)
    assert done.returncode == 0, done.stderr


def test_the_estimator_says_what_it_lacks() -> None:
    done = run("from ebb import ChurnClassifier", "sklearn")
    assert "ChurnClassifier needs scikit-learn: pip install 'ebb[sklearn]'" in done.stderr


@pytest.mark.parametrize("command", ["train", "datasets", "models", "versions", "jobs", "audit", "sweep", "score"])
def test_a_command_of_a_client_works_without_the_service(command: str) -> None:
    done = run(f"from ebb.__main__ import main; sys.argv = ['ebb', {command!r}, '--help']; main()", *SERVER)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage: ebb")
    assert "Needs the service" not in done.stdout


def test_a_command_of_the_service_says_what_to_install() -> None:
    done = run("from ebb.__main__ import main; sys.argv = ['ebb', 'up', '--port', '1']; main()", *SERVER)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ebb: this command needs ")
    assert "pip install 'ebb[server]'" in done.stderr
    listed = run("from ebb.__main__ import main; sys.argv = ['ebb', '--help']; main()", *SERVER)
    assert listed.returncode == 0, listed.stderr


def test_scoring_by_the_database_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    words = ["ebb", "score", str(tmp_path / "t.csv"), "--out", str(tmp_path / "o.csv")]
    done = run(f"from ebb.__main__ import main; sys.argv = {words!r}; main()", *SERVER)
    assert (done.returncode, "pip install 'ebb[server]'" in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
