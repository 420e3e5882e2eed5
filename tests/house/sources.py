"""The files of the project, and their syntax trees."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("model", "store", "worker", "app", "ebb")
NOT_OURS = {"var", "build", "dist"}


@cache
def files() -> tuple[Path, ...]:
    """Return every file that is, or is about to be, under version control; in an unpacked archive, every file."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        found = {ROOT / name for name in listing.stdout.split("\0") if name}
    else:
        found = {path for path in ROOT.rglob("*") if not _is_made(path.relative_to(ROOT))}
    return tuple(sorted(path for path in found if path.is_file()))


def _is_made(path: Path) -> bool:
    hidden = path.parts[0].startswith(".") and path.parts[0] not in {".ci", ".gitignore", ".dockerignore"}
    return hidden or path.parts[0] in NOT_OURS or "__pycache__" in path.parts or ".egg-info" in str(path)


def python_files(*folders: str) -> list[Path]:
    """Return the Python files below the named folders of the project."""
    return [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders]


@cache
def tree(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """Return the dotted name a file is imported by.

    >>> module_name(ROOT / "store" / "jobs" / "__init__.py")
    'store.jobs'
    """
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place(path: Path, node: ast.AST | None = None) -> str:
    """Return where something is, as an editor understands it."""
    line = getattr(node, "lineno", 1)
    return f"{path.relative_to(ROOT)}:{line}"
