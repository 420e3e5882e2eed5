"""Fails when requirements/ is not what pyproject.toml resolves to, or says where packages come from.

The versions that are there are offered to the resolver as its preferences, so a release made yesterday changes
nothing: only a change of pyproject.toml that nobody locked does.
"""

import difflib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.lock_requirements import ROOT, SETS, lock

PIN = re.compile(r"[a-z0-9][a-z0-9._-]*==[^\s;]+( ; [^\\]+)? \\")
DIGEST = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def main() -> int:
    """Print every fault and return 1, or print one line and return 0."""
    faults = [*foreign_lines()] or [*stale_files()]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"requirements/: {len(SETS)} files, current, digests only.")
    return 1 if faults else 0


def foreign_lines() -> Iterator[str]:
    """Yield what is neither a pinned version nor a digest: an option, an address, a path, a host."""
    for name in SETS:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            if not (PIN.fullmatch(line) or DIGEST.fullmatch(line)):
                yield f"requirements/{name}:{number}: neither a pinned version nor a digest: {line.strip()}"


def stale_files() -> Iterator[str]:
    """Yield the difference between each requirement file and a fresh resolution that starts from it."""
    with tempfile.TemporaryDirectory(prefix="ebb-lock-") as folder:
        copy = Path(folder)
        shutil.copy(ROOT / "pyproject.toml", copy)
        shutil.copytree(ROOT / "requirements", copy / "requirements")
        try:
            lock(copy, [])
        except RuntimeError as problem:
            yield f"{problem}\n(uv needs a package index: set UV_DEFAULT_INDEX for one of your own.)"
            return
        for name in SETS:
            today = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
            fresh = (copy / "requirements" / name).read_text(encoding="utf-8").splitlines()
            if today != fresh:
                yield f"requirements/{name} is not what pyproject.toml asks for: run `make lock`."
                yield from [line for line in difflib.unified_diff(today, fresh, lineterm="", n=0) if "==" in line]


if __name__ == "__main__":
    sys.exit(main())
