"""The account of servers that do not run as root: PostgreSQL, and the processes that nginx starts."""

import os
import pwd
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """A user and its group, by number."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """Return the account for the server, or None if the caller can run it.

    Raises: RuntimeError if the caller is root and there is no other account.
    """
    if os.geteuid() != 0:
        return None
    others = [user for user in pwd.getpwall() if user.pw_uid != 0]
    preferred = [user for user in others if user.pw_name in ("nobody", "postgres")]
    for user in preferred + others:
        return Account(user.pw_uid, user.pw_gid)
    raise RuntimeError("PostgreSQL refuses to run as root, and this machine has no other user: make one (useradd).")


def private_folder(account: Account | None) -> Path:
    """Create a private folder of the account, reachable for it, with a path short enough for sockets."""
    for place in (Path("/tmp"), Path("/var/tmp"), Path(tempfile.gettempdir())):
        if place.is_dir() and (account is None or is_open_to_all(place)) and os.access(place, os.W_OK):
            folder = Path(tempfile.mkdtemp(prefix="ebb-", dir=place))
            if account is not None:
                os.chown(folder, account.uid, account.gid)
            return folder
    raise RuntimeError("No temporary folder that an unprivileged user can reach: /tmp and /var/tmp are both closed.")


def is_open_to_all(path: Path) -> bool:
    """Tell whether every user can reach a path."""
    resolved = path.resolve()
    return all(step.stat().st_mode & 0o001 for step in (resolved, *resolved.parents))
