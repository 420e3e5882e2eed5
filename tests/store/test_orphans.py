"""A file without a row is removed after a day. A file with a row, or one that may still get a row, stays."""

import os
import time
from pathlib import Path

import pytest

from store.artifacts import KEPT, NEW, Artifact, ArtifactStore
from store.database import Database
from store.datasets import note_artifact
from store.orphans import sweep_orphans

DAY = 25 * 3600.0


@pytest.fixture
def kept(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def grow_old(artifact: Artifact) -> None:
    then = time.time() - DAY
    os.utime(artifact.path, (then, then))


def note(database: Database, artifact: Artifact) -> None:
    database.write(lambda connection: note_artifact(connection, artifact))


def test_a_file_without_a_row_is_removed_after_a_day(kept: ArtifactStore, database: Database) -> None:
    old, fresh = kept.put([b"old"]), kept.put([b"fresh"])
    grow_old(old)
    assert sweep_orphans(kept, database) == 1
    assert not old.path.exists()
    assert fresh.path.read_bytes() == b"fresh"
    assert [path for path in kept.folder.iterdir() if path.is_file()] == []


def test_a_file_with_a_row_stays_and_is_settled(kept: ArtifactStore, database: Database) -> None:
    artifact = kept.put([b"result"])
    note(database, artifact)
    grow_old(artifact)
    assert sweep_orphans(kept, database) == 0
    assert kept.open_path(artifact.sha256).read_bytes() == b"result"
    assert list(kept.unrecorded()) == []


def test_a_settled_file_stays_even_where_the_database_is_another(kept: ArtifactStore, database: Database) -> None:
    artifact = kept.put([b"upload"])
    kept.mark_recorded(artifact.sha256)
    grow_old(artifact)
    assert sweep_orphans(kept, database) == 0
    assert artifact.path.stat().st_mode & 0o777 == KEPT


def test_bytes_that_come_again_while_they_are_swept_stay(kept: ArtifactStore) -> None:
    artifact = kept.put([b"again"])
    grow_old(artifact)
    assert list(kept.unrecorded()) == [artifact.sha256]
    kept.put([b"again"])
    assert not kept.remove_unrecorded(artifact.sha256)
    assert kept.open_path(artifact.sha256).read_bytes() == b"again"


def test_bytes_that_are_settled_while_they_are_swept_stay(kept: ArtifactStore) -> None:
    artifact = kept.put([b"again"])
    grow_old(artifact)
    kept.mark_recorded(artifact.sha256)
    assert not kept.remove_unrecorded(artifact.sha256)
    assert artifact.path.exists()


def test_a_folder_that_is_not_there_yet_has_no_orphans(kept: ArtifactStore, database: Database) -> None:
    assert sweep_orphans(kept, database) == 0


def test_a_young_file_is_not_settled_for_its_row_may_be_an_old_one_of_the_same_bytes(
    kept: ArtifactStore, database: Database
) -> None:
    """Retention may remove a settled file: it assumes that no upload is sending it."""
    artifact = kept.put([b"table"])
    note(database, artifact)
    sweep_orphans(kept, database)
    assert artifact.path.stat().st_mode & 0o777 == NEW
