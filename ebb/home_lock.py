"""One service a home folder: a lock that the kernel lets go when its holder dies."""

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ebb.errors import ServiceStartError


@dataclass
class HomeLock:
    """The right to run a service in a home folder, told to others in its `service.json`."""

    home: Path
    descriptor: int

    @classmethod
    def take(cls, home: Path, url: str) -> Self:
        """Take the lock and, if `url` is given, note where the service will answer.

        Raises: ServiceStartError when another service runs there, or the folder cannot be written.
        """
        try:
            home.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(home / "service.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ServiceStartError(
                f"cannot write below {home}: {error.strerror}; name another folder with --home or EBB_HOME"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise ServiceStartError(
                f"a service runs in {home} already; stop it first, or name another folder with --home"
            ) from error
        if url:
            (home / "service.json").write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n")
        return cls(home, descriptor)

    def release(self) -> None:
        """Let the lock go."""
        with contextlib.suppress(OSError):
            os.close(self.descriptor)

    def __enter__(self) -> Self:
        """Hold the lock."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let it go."""
        self.release()
