"""Artifacts: immutable bytes in files named by their digest."""

import errno
import hashlib
import os
import resource
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.artifacts import ArtifactStore
from store.errors import ArtifactError, DiskFullError, QuotaError


@pytest.fixture
def kept(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def _files(kept: ArtifactStore) -> list[str]:
    return sorted(str(path.relative_to(kept.folder)) for path in kept.folder.rglob("*") if path.is_file())


def test_bytes_are_found_by_their_digest(kept: ArtifactStore) -> None:
    artifact = kept.put([b"ab", b"", b"c"])
    assert (artifact.sha256, artifact.size) == (hashlib.sha256(b"abc").hexdigest(), 3)
    assert kept.open_path(artifact.sha256).read_bytes() == b"abc"


def test_an_empty_file_is_stored(kept: ArtifactStore) -> None:
    assert kept.open_path(kept.put([]).sha256).read_bytes() == b""


def test_the_same_bytes_are_kept_once(kept: ArtifactStore) -> None:
    assert kept.put([b"abc"]) == kept.put([b"a", b"bc"])
    assert len(_files(kept)) == 1


def test_the_same_bytes_from_eight_senders_at_once_are_kept_once(kept: ArtifactStore) -> None:
    threads = [threading.Thread(target=kept.put, args=([b"x" * 100_000] * 10,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_files(kept)) == 1


def test_a_kept_file_cannot_be_written_by_its_owner(kept: ArtifactStore) -> None:
    mode = kept.put([b"abc"]).path.stat().st_mode
    assert not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)


def _broken(error: BaseException) -> Iterator[bytes]:
    yield b"some"
    raise error


@pytest.mark.parametrize("error", [ValueError("too big"), ConnectionResetError("gone"), KeyboardInterrupt()], ids=repr)
def test_an_interrupted_upload_leaves_no_file_and_keeps_its_error(kept: ArtifactStore, error: BaseException) -> None:
    with pytest.raises(type(error)):
        kept.put(_broken(error))
    assert _files(kept) == []


def test_an_upload_that_cannot_take_its_place_leaves_nothing(kept: ArtifactStore) -> None:
    sha256 = hashlib.sha256(b"abc").hexdigest()
    kept.folder.mkdir()
    (kept.folder / sha256[:2]).write_bytes(b"a file where the folder should be")
    with pytest.raises(ArtifactError, match="cannot write to"):
        kept.put([b"abc"])
    assert _files(kept) == [sha256[:2]]


@pytest.mark.parametrize("damage", [b"abd", b"", b"abcd"])
def test_a_damaged_file_is_detected(kept: ArtifactStore, damage: bytes) -> None:
    artifact = kept.put([b"abc"])
    artifact.path.chmod(0o600)
    artifact.path.write_bytes(damage)
    with pytest.raises(ArtifactError, match="damaged"):
        kept.open_path(artifact.sha256)


def test_a_damaged_file_is_repaired_by_storing_its_bytes_again(kept: ArtifactStore) -> None:
    artifact = kept.put([b"abc"])
    artifact.path.chmod(0o600)
    artifact.path.write_bytes(b"abd")
    kept.put([b"abc"])
    assert kept.open_path(artifact.sha256).read_bytes() == b"abc"


def test_a_missing_file_is_an_error(kept: ArtifactStore) -> None:
    with pytest.raises(ArtifactError, match="cannot be read: No such file"):
        kept.open_path("0" * 64)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"cannot write to .*file/artifacts: Not a directory"):
        ArtifactStore(tmp_path / "file" / "artifacts").put([b"abc"])


def test_a_full_disk_is_an_error_and_leaves_no_file(kept: ArtifactStore) -> None:
    """A limit of the file size simulates a full disk: both fail in the middle of a write."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(ArtifactError, match=os.strerror(errno.EFBIG)):
            kept.put([b"x" * 60_000] * 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert _files(kept) == []
    assert kept.put([b"x" * 60_000] * 3).size == 180_000


def test_a_disk_keeps_its_free_space(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    kept = ArtifactStore(tmp_path / "artifacts", free_bytes=free + 2**40)
    with pytest.raises(DiskFullError, match=r"bytes left, of which .* are kept free .*`ebb retention`"):
        kept.put([b"abc"])
    with kept.draft("job", 1) as draft, pytest.raises(DiskFullError):
        draft.write(b"abc")
    assert _files(kept) == []
    assert ArtifactStore(kept.folder, free_bytes=free // 2).put([b"abc"]).size == 3


def test_announced_bytes_beyond_the_space_are_refused_before_reading(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        raise AssertionError("nothing is to be read")
        yield b""

    kept = ArtifactStore(tmp_path / "artifacts", free_bytes=2**20)
    with pytest.raises(DiskFullError), kept.receive(chunks(), announced=shutil.disk_usage(tmp_path).free):
        pass
    assert _files(kept) == []


def test_a_check_gets_the_announced_size_then_the_received_size(kept: ArtifactStore) -> None:
    asked: list[int] = []

    def check(size: int) -> None:
        asked.append(size)
        if size > 6:
            raise QuotaError

    with kept.receive([b"abc", b"de"], announced=4, check=check):
        pass
    with pytest.raises(QuotaError), kept.receive([b"abc", b"defg", b"never"], check=check):
        pass
    assert asked == [4, 3, 5, 0, 3, 7]
    assert _files(kept) == []


def test_received_bytes_that_are_not_kept_are_removed(kept: ArtifactStore) -> None:
    with kept.receive([b"a", b"bc"]) as received:
        assert received.path.read_bytes() == b"abc"
    assert _files(kept) == []


def test_files_of_killed_uploads_are_removed_after_a_day(kept: ArtifactStore) -> None:
    artifact = kept.put([b"abc"])
    yesterday = artifact.path.stat().st_mtime - 25 * 3600
    for name, old in ((".upload-old", True), (".upload-new", False), ("note", True)):
        (kept.folder / name).write_bytes(b"some")
        if old:
            os.utime(kept.folder / name, (yesterday, yesterday))
    os.utime(artifact.path, (yesterday, yesterday))
    assert kept.sweep() == 1
    assert _files(kept) == sorted([".upload-new", f"{artifact.sha256[:2]}/{artifact.sha256}", "note"])


def test_a_folder_that_is_not_there_yet_is_swept(kept: ArtifactStore) -> None:
    assert kept.sweep() == 0
