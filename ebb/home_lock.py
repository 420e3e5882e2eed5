"""The lock of a home folder, for one service at a time; the kernel releases it when its holder dies."""

import contextlib
import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ebb.errors import ServiceStartError

LOOK_SECONDS = 1.0  # longer than `running_url` holds the lock


@dataclass
class HomeLock:
    """The right to run a service in a home folder; `service.json` holds its URL for other commands.

    `orderly` is False if the service before was killed: its processes may still be ending.
    """

    home: Path
    descriptor: int
    orderly: bool

    @classmethod
    def take(cls, home: Path, url: str) -> Self:
        """Take the lock and write the URL of the service.

        Raises: ServiceStartError when another service runs there, or the folder cannot be written.
        """
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds customers' data and hashes of keys
            descriptor = os.open(_lock(home), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ServiceStartError(
                f"cannot write below {home}: {error.strerror}; name another folder with --home or EBB_HOME"
            ) from error
        give_up = time.monotonic() + LOOK_SECONDS
        while not _try(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > give_up:
                os.close(descriptor)
                raise ServiceStartError(
                    f"a service runs in {home} already; stop it first, or name another folder with --home"
                )
            time.sleep(0.02)
        note = _note(home)
        orderly = not note.exists()
        note.write_text(json.dumps({"url": url}) + "\n")
        return cls(home, descriptor, orderly)

    def release(self) -> None:
        """Release the lock."""
        with contextlib.suppress(OSError):
            _note(self.home).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.close(self.descriptor)

    def __enter__(self) -> Self:
        """Hold the lock."""
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the lock."""
        self.release()


def running_url(home: Path) -> str | None:
    """Return the URL of the service that runs in this home folder, or None."""
    try:
        descriptor = os.open(_lock(home), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _try(descriptor, fcntl.LOCK_SH):
            return None
        with contextlib.suppress(OSError, ValueError, KeyError):
            return str(json.loads(_note(home).read_text())["url"])
        return None
    finally:
        os.close(descriptor)


def _try(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _lock(home: Path) -> Path:
    return home / "service.lock"


def _note(home: Path) -> Path:
    return home / "service.json"
