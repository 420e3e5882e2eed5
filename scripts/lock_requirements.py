"""Resolves requirements/ from pyproject.toml: exact versions with digests, for every platform and Python at once.

    python3 scripts/lock_requirements.py              # keep today's versions where they still fit
    python3 scripts/lock_requirements.py --upgrade    # take the newest that fit

Each set is constrained by the one before it, so that tests run on what is served. No index address is written:
where the files come from is the installing side's business, the digests say what they must be.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".venv" / "bin" / "uv"

# file in requirements/ → (what it adds to the project's own dependencies, the file that constrains it)
SETS: dict[str, tuple[list[str], str | None]] = {
    "serve.txt": (["--extra", "server"], None),
    "demo.txt": (["--extra", "server", "--extra", "demo"], "serve.txt"),
    "dev.txt": (["--all-extras", "--group", "dev"], "demo.txt"),
}
COMMON = [
    "--universal", "--python-version", "3.11", "--generate-hashes", "--group", "build",
    "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate",
    "--system-certs", "--quiet",
]  # fmt: skip


def lock(folder: Path, extra: list[str]) -> None:
    """Write the requirement files of the project in a folder, keeping the versions there that still fit.

    Raises: RuntimeError in uv's words when the requirements cannot be resolved or the index cannot be reached.
    """
    for name, (additions, constraint) in SETS.items():
        command = [str(UV), "pip", "compile", "pyproject.toml", *COMMON, *additions, *extra]
        command += ["--constraint", f"requirements/{constraint}"] if constraint else []
        command += ["--output-file", f"requirements/{name}"]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise RuntimeError(f"requirements/{name} cannot be resolved. {result.stderr.strip()}")


if __name__ == "__main__":
    (ROOT / "requirements").mkdir(exist_ok=True)
    try:
        lock(ROOT, sys.argv[1:])
    except (RuntimeError, OSError) as problem:
        sys.exit(f"{problem}{os.linesep}uv needs a package index: set UV_DEFAULT_INDEX for one of your own.")
