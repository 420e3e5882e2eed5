"""Artifacts: immutable bytes in files named by their SHA-256, so that the same bytes are kept once.

Written to a temporary file beside their final place and renamed only when whole and on disk: whatever dies meanwhile,
a file under a digest holds that digest's bytes.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from store.errors import ArtifactError

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Artifact:
    """Some bytes that are kept.

    Units: `size` in bytes.
    """

    sha256: str
    size: int
    path: Path


@dataclass(frozen=True)
class ArtifactStore:
    """The folder of artifacts; every process of an installation sees the same one."""

    folder: Path

    def put(self, chunks: Iterable[bytes]) -> Artifact:
        """Keep a stream of bytes without ever holding it whole.

        Raises: ArtifactError when the folder cannot be written or the disk is full; nothing is left behind then.
        """
        digest, size = hashlib.sha256(), 0
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.folder, prefix=".upload-", delete=False) as file:
                temporary = Path(file.name)
                try:
                    for chunk in chunks:
                        digest.update(chunk)
                        size += len(chunk)
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
                except BaseException:
                    temporary.unlink(missing_ok=True)
                    raise
            return Artifact(digest.hexdigest(), size, self._keep(temporary, digest.hexdigest()))
        except OSError as error:
            raise ArtifactError(f"cannot store the upload in {self.folder}: {error.strerror}") from error

    def _keep(self, temporary: Path, sha256: str) -> Path:
        path = self._path(sha256)
        path.parent.mkdir(exist_ok=True)
        temporary.chmod(0o440)
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name must survive a crash like the bytes
        finally:
            os.close(folder)
        return path

    def open_path(self, sha256: str) -> Path:
        """Return the file that holds the bytes of this digest, checked.

        Raises: ArtifactError when it is missing or damaged.
        """
        path = self._path(sha256)
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ArtifactError(f"artifact {sha256} cannot be read: {error.strerror}") from error
        if found != sha256:
            raise ArtifactError(f"artifact {sha256} is damaged: its bytes now have digest {found}")
        return path

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256
