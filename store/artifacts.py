"""Artifacts: immutable bytes in files named by their SHA-256, so that the same bytes are stored once.

They are written to a temporary file in the same folder, and renamed when they are complete and on disk: after any
crash, a file named by a digest holds that digest's bytes. A mode bit marks a file as new until the database has its
row; if the row is never written, `store.orphans` removes the file.
"""

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from io import RawIOBase
from pathlib import Path

from store.disk import check_free_space, disk_errors
from store.errors import ArtifactError

PREFIX = ".upload-"
ABANDONED_SECONDS = 24 * 60 * 60.0  # after the last write
RECORDING_SECONDS = 60 * 60.0  # after the last write; no process tries longer than that to write a row
Check = Callable[[int], None]
KEPT, NEW = 0o440, 0o540  # the modes of a file with a row, and of one whose row is not written yet


def accept(size: int) -> None:
    """Accept any size."""


@dataclass(frozen=True)
class Artifact:
    """Bytes in a file.

    Units: `size` in bytes.
    """

    sha256: str
    size: int
    path: Path


@dataclass(frozen=True)
class ArtifactStore:
    """The folder of artifacts, which all processes of an installation share.

    It refuses a write that would leave its disk less than `free_bytes` of free space.
    """

    folder: Path
    free_bytes: int = 0

    def put(self, chunks: Iterable[bytes]) -> Artifact:
        """Store a stream of bytes, chunk by chunk.

        Raises: as `receive` and `keep` do; nothing is left behind then.
        """
        with self.receive(chunks) as received:
            return self.keep(received)

    @contextmanager
    def receive(self, chunks: Iterable[bytes], *, announced: int = 0, check: Check = accept) -> Iterator[Artifact]:
        """Write a stream of bytes to a temporary file, which is removed at the end of the block unless it is kept.

        `check` raises where so many bytes may not be stored: it is called with the announced size, then with the size
        after each chunk.

        Raises: ArtifactError when the folder cannot be written; DiskFullError; whatever `chunks` and `check` raise;
        nothing is left behind then.
        """
        check(announced)
        with self.draft(check=check) as draft:
            check_free_space(self.folder, announced, self.free_bytes)
            for chunk in chunks:
                draft.write(chunk)
            yield draft.received()

    @contextmanager
    def draft(self, job_id: str = "", attempt: int = 0, *, check: Check = accept) -> Iterator["Draft"]:
        """Open a temporary file to write to, which is removed at the end of the block unless it is kept.

        The file of a job's attempt replaces those of earlier attempts that were killed. `check` is called with the size
        after each write, and raises where so many bytes may not be stored.

        Raises: ArtifactError; DiskFullError.
        """
        with disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            if job_id:
                self.drop_drafts(job_id, attempt - 1)
            prefix = f"{_drafts_of(job_id)}{attempt}-" if job_id else PREFIX
            descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=prefix)
        temporary = Path(name)
        try:
            with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor has no path
                yield Draft(self, file, temporary, check)
        finally:
            temporary.unlink(missing_ok=True)  # a kept file has been renamed

    def drop_drafts(self, job_id: str, last: int) -> None:
        """Remove the temporary files of a job's attempts up to `last`; a later attempt may be writing."""
        start = _drafts_of(job_id)
        for path in self.folder.glob(f"{start}*"):
            if int(path.name.removeprefix(start).partition("-")[0]) <= last:
                with suppress(OSError):  # removed meanwhile
                    path.unlink()

    def keep(self, received: Artifact) -> Artifact:
        """Rename received bytes to their digest; they stay if the caller writes their row within a day.

        Raises: ArtifactError.
        """
        with disk_errors(self.folder):
            return replace(received, path=self._keep(received.path, received.sha256))

    def sweep(self) -> int:
        """Remove the temporary files of uploads whose process was killed; return how many there were."""
        swept = 0
        for path in self.folder.glob(f"{PREFIX}*"):
            with suppress(OSError):  # removed meanwhile, or a read-only folder
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()
                    swept += 1
        return swept

    def unrecorded(self) -> Iterator[str]:
        """Yield the digests of files that are marked as new, except those whose row may be being written."""
        for path in self.folder.glob("??/*"):
            with suppress(OSError):  # removed meanwhile
                if _is_new(path.stat(), RECORDING_SECONDS):
                    yield path.name

    def mark_recorded(self, sha256: str) -> None:
        """Clear the mark of a file that has its row."""
        with suppress(OSError):  # a read-only folder
            self.path(sha256).chmod(KEPT)

    def remove_unrecorded(self, sha256: str) -> bool:
        """Remove a file that got no row within a day; return whether it was removed.

        The file is renamed before it is checked, because another process may store the same bytes at this moment.
        """
        path, away = self.path(sha256), self.folder / f"{PREFIX}{sha256}"
        with suppress(OSError):  # removed meanwhile, or a read-only folder
            if _is_orphan(path):
                path.rename(away)
                if _is_orphan(away):
                    away.unlink()
                    return True
                away.rename(path)
        return False

    def remove(self, sha256: str) -> bool:
        """Remove a file, unless the same bytes are being stored again; return whether it is gone.

        The file is renamed before it is checked, as in `remove_unrecorded`. Bytes that are stored again are marked as
        new until their row is written.

        Raises: ArtifactError.
        """
        path, away = self.path(sha256), self.folder / f"{PREFIX}{sha256}"
        with disk_errors(self.folder):
            try:
                path.rename(away)
            except FileNotFoundError:
                return True
            if stat.S_IMODE(away.stat().st_mode) == NEW:
                away.rename(path)
                return False
            away.unlink()
        return True

    def _keep(self, temporary: Path, sha256: str) -> Path:
        path = self.path(sha256)
        path.parent.mkdir(exist_ok=True)
        temporary.chmod(NEW)
        temporary.replace(path)
        for folder in (path.parent, self.folder):  # the names must survive a crash, too
            _sync(folder)
        return path

    def open_path(self, sha256: str) -> Path:
        """Return the file of this digest, after a check of its bytes.

        Raises: ArtifactError when it is missing or damaged.
        """
        path = self.path(sha256)
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ArtifactError(f"artifact {sha256} cannot be read: {error.strerror}") from error
        if found != sha256:
            raise ArtifactError(f"artifact {sha256} is damaged: its bytes now have digest {found}")
        return path

    def path(self, sha256: str) -> Path:
        """Return the path of this digest's file, unchecked."""
        return self.folder / sha256[:2] / sha256


class Draft:
    """An artifact that is being written."""

    def __init__(self, store: ArtifactStore, file: RawIOBase, path: Path, check: Check) -> None:
        self._store = store
        self._file = file
        self._path = path
        self._check = check
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Append bytes.

        Raises: DiskFullError; ArtifactError; as the check does.
        """
        self._digest.update(chunk)
        self._size += len(chunk)
        self._check(self._size)
        with disk_errors(self._store.folder):
            check_free_space(self._store.folder, len(chunk), self._store.free_bytes)
            _write_all(self._file, chunk)

    def received(self) -> Artifact:
        """Flush to disk, and return the artifact of the bytes so far.

        Raises: DiskFullError; ArtifactError.
        """
        with disk_errors(self._store.folder):
            os.fsync(self._file.fileno())
        return Artifact(self._digest.hexdigest(), self._size, self._path)


def _drafts_of(job_id: str) -> str:
    return f"{PREFIX}{job_id}."


def _is_orphan(path: Path) -> bool:
    return _is_new(path.stat(), ABANDONED_SECONDS)


def _is_new(found: os.stat_result, seconds: float) -> bool:
    return stat.S_IMODE(found.st_mode) == NEW and time.time() - found.st_mtime > seconds


def _write_all(file: RawIOBase, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
