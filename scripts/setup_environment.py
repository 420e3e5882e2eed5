"""Makes .venv/ and installs what a requirement file names, from wheels only.

    python3 scripts/setup_environment.py demo     # what Ebb needs to run, and to draw
    python3 scripts/setup_environment.py dev      # the above, and what its tests and checks need

A stamp inside .venv/ holds digests of everything the environment was made from. It is spoilt before any work
and written after it, so an interrupted set-up, a changed lock, another Python and a moved or copied checkout are
all seen at the next call, and the environment is made anew. When nothing changed, a call costs milliseconds.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (the file parses on old Pythons so that they can say this)
    sys.exit(
        "Ebb needs Python 3.11 or newer, and {} is Python {}.{}. Install one (Debian, Ubuntu: apt install python3.11 "
        "python3.11-venv; Homebrew: brew install python@3.13) and name it: make PYTHON=python3.13 ...".format(
            sys.executable, *sys.version_info[:2]
        )
    )

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "ebb-stamp.json"
PYTHON = ENVIRONMENT / "bin" / "python"
BASE = os.path.realpath(getattr(sys, "_base_executable", sys.executable))  # outside any environment
SETS = ("demo", "dev")  # each contains the one before it
STEPS = ("Collecting ", "Using cached ", "Downloading ", "Installing collected ")
UNREACHABLE = ("NewConnectionError", "Retrying (", "Could not fetch URL", "ConnectTimeout", "ProxyError", "SSLError")
HIDDEN = (
    "Attempting ", "Building ", "Checking ", "Created ", "Found existing ", "Getting ", "Ignoring ",
    "Installing build ",
    "Looking in ", "Obtaining ", "Preparing ", "Requirement already ", "Stored ", "Successfully ", "Uninstalling ",
)  # fmt: skip


class SetupError(Exception):
    """What stopped the set-up and what to do about it, in one paragraph."""


def main(arguments: list[str]) -> int:
    """Bring .venv/ up to date for the set named on the command line."""
    if len(arguments) != 1 or arguments[0] not in SETS:
        print(f"usage: setup_environment.py {'|'.join(SETS)}", file=sys.stderr)
        return 2
    wanted = max(arguments[0], made_before(), key=SETS.index)  # a developer's tools outlive a `make demo`
    try:
        if not is_current(wanted):
            with only_one_at_a_time():
                if not is_current(wanted):
                    make(wanted)
    except SetupError as problem:
        print(f"\nThe set-up stopped. {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; the next call starts again.", file=sys.stderr)
        return 130
    return 0


def facts(name: str) -> dict[str, str]:
    """Everything an environment depends on: other facts, other environment."""
    return {
        "folder": str(ROOT),
        "python": sys.version,
        "base": BASE,
        "lock": digest(ROOT / "requirements" / f"{name}.txt"),
        "project": digest(ROOT / "pyproject.toml"),
    }


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as problem:
        raise SetupError(f"Cannot read {path}: {problem.strerror}. Is the checkout complete?") from None


def is_current(wanted: str) -> bool:
    """Tell whether .venv/ holds the wanted set, or a larger one, made from today's files by this Python."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    larger = SETS[SETS.index(wanted) :]
    return any(stamp == {"set": name, **facts(name)} for name in larger) and PYTHON.exists()


def made_before() -> str:
    """Return which set .venv/ was last made for; the smallest where nothing tells."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return SETS[0]
    return stamp.get("set") if stamp.get("set") in SETS else SETS[0]


@contextlib.contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Hold a lock on the checkout, so that two calls at once do not make one environment between them.

    Child processes hold it too: when this one is killed, the next call waits for the pip it left running.
    """
    try:
        import fcntl  # noqa: PLC0415  (absent on Windows, which gets the message below)
    except ImportError:
        raise SetupError(
            "Ebb runs on Linux and macOS. On Windows, use it inside WSL 2 or from the Docker image."
        ) from None
    handle = os.open(ROOT, os.O_RDONLY)
    os.set_inheritable(handle, True)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up of this checkout to finish.", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def make(wanted: str) -> None:
    """Make the environment, or make it anew, and write its stamp last."""
    print(f"Making .venv/ ({wanted}) with Python {sys.version.split()[0]}.", flush=True)
    try:
        create()
        STAMP.write_text("unfinished", encoding="utf-8")
        lock = ROOT / "requirements" / f"{wanted}.txt"
        install("--require-hashes", "--only-binary", ":all:", "--requirement", str(lock))
        install("--no-deps", "--no-build-isolation", "--no-index", "--editable", str(ROOT))
        STAMP.write_text(json.dumps({"set": wanted, **facts(wanted)}), encoding="utf-8")
    except OSError as problem:
        where = problem.filename or ENVIRONMENT
        raise SetupError(
            f"Cannot write {where}: {problem.strerror}. Ebb keeps its environment in .venv/ inside the checkout, "
            "so that folder must be on a disk with room (about 1 GB) where you may write: clone the checkout to one."
        ) from None
    print("Ready: .venv/bin/ebb --help", flush=True)


def create() -> None:
    """Replace .venv/ by an empty environment that has pip."""
    discard()
    ENVIRONMENT.mkdir()
    STAMP.write_text("unfinished", encoding="utf-8")  # from here on the folder is known as ours
    command = [BASE, "-I", "-m", "venv", str(ENVIRONMENT)]
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, close_fds=False, text=True, check=False
    )
    if result.returncode == 0:
        return
    shutil.rmtree(ENVIRONMENT)  # the Makefile would take it for the Python to go on with
    output = result.stdout + result.stderr
    if "ensurepip" in output or "No module named venv" in output:
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        raise SetupError(
            f"{BASE} cannot make environments: its venv or ensurepip module is missing. On Debian and Ubuntu install "
            f"the package that holds them (apt install {package}); or name another Python: make PYTHON=python3.13 ..."
        )
    raise SetupError(f"{' '.join(command)} failed and said: {output.strip()[-500:]}")


def discard() -> None:
    """Remove what is at .venv/, unless it may be somebody's own."""
    if ENVIRONMENT.is_symlink():
        ENVIRONMENT.unlink()
    elif ENVIRONMENT.exists():
        if not any((ENVIRONMENT / name).exists() for name in (STAMP.name, "pyvenv.cfg")):
            raise SetupError(
                f"{ENVIRONMENT} exists and is not a Python environment, so it is left alone. Move it away first."
            )
        aside = Path(tempfile.mkdtemp(prefix=".venv-old-", dir=ROOT))
        ENVIRONMENT.rename(aside / "venv")  # gone at once, even if the removal below is interrupted
    for old in ROOT.glob(".venv-old-*"):
        shutil.rmtree(old)


def install(*arguments: str) -> None:
    """Run pip inside the environment with the user's own configuration, showing its progress.

    Raises: SetupError in plain words when pip fails.
    """
    command = [str(PYTHON), "-I", "-m", "pip", "install", "--no-user", "--no-input", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", *arguments]
    said: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        close_fds=False,
        text=True,
    ) as pip:
        assert pip.stdout is not None  # noqa: S101  (for the type checker)
        for line in pip.stdout:
            said.append(line)
            show(line.rstrip())
    if sys.stdout.isatty():
        print("\r\x1b[K", end="", flush=True)
    if pip.returncode != 0:
        raise SetupError(explain("".join(said)))


def show(line: str) -> None:
    """Print one line of pip's: a step in place on a terminal and shortened elsewhere, a complaint whole."""
    line = line.strip()
    start, end = ("\r\x1b[K  ", "") if sys.stdout.isatty() else ("  ", "\n")
    if line.startswith(STEPS if sys.stdout.isatty() else STEPS[:1]):
        step = line.partition(" (from")[0]
        print(f"{start}{step[: shutil.get_terminal_size().columns - 4]}", end=end, flush=True)
    elif line and not line.startswith(STEPS + HIDDEN):
        print(f"{start}{line}", flush=True)


def explain(output: str) -> str:
    """Turn pip's complaint into a paragraph that says what to do."""
    if "DO NOT MATCH THE HASHES" in output:
        return (
            "The package index served a file whose digest is not the one in requirements/, so it was not used. Clear "
            "pip's cache (python3 -m pip cache purge) and try again; if that does not help, ask whoever runs the index "
            "in your pip configuration."
        )
    if "No space left on device" in output:
        return "The disk is full. Ebb needs about 1 GB in .venv/, and pip room in its temporary folder (TMPDIR)."
    if any(sign in output for sign in UNREACHABLE):
        return (
            "No package index could be reached; pip's lines above say which and why. What pip honours works here: a "
            "proxy (HTTPS_PROXY), an index of your own (PIP_INDEX_URL), a certificate (PIP_CERT), a pip.conf."
        )
    if "No matching distribution found for " in output:
        missing = re.split(r"[;\n]", output.partition("No matching distribution found for ")[2])[0].strip()
        return (
            f"pip found no wheel of {missing} for {os.uname().sysname} {os.uname().machine} and Python "
            f"{sys.version.split()[0]}. Either the package index in your pip configuration is incomplete or does not "
            "answer, or there is no such wheel: Ebb never compiles, and all its wheels exist for Python 3.11 to 3.13 "
            "on macOS and glibc Linux (not Alpine). Try another Python (make PYTHON=python3.13 ...) or Docker."
        )
    return "pip could not install what requirements/ names; its lines above say why. Call again once that is mended."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
