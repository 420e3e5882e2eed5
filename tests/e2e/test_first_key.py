"""`ebb migrate --first-key`: the first key of a new installation, in a file."""

import subprocess
from pathlib import Path

from store.database import open_database
from store.keys import any_key, find_caller, revoke_key
from tests.e2e.running import EBB, environment


def _migrate(home: Path, key_file: Path) -> subprocess.CompletedProcess[str]:
    command = [EBB, "migrate", "--first-key", str(key_file)]
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=60, check=False)


def test_the_first_key_is_written_once_for_its_owner_only_and_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "admin"
    assert _migrate(tmp_path, path).returncode == 0
    key = path.read_text().strip()
    assert path.stat().st_mode & 0o777 == 0o600
    with open_database(f"sqlite:///{tmp_path / 'ebb.db'}").read() as connection:
        assert find_caller(connection, key) is not None
    assert _migrate(tmp_path, path).returncode == 0
    assert path.read_text().strip() == key


def test_a_key_that_cannot_be_written_is_not_made(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    done = _migrate(tmp_path, tmp_path / "keys" / "admin")
    assert done.returncode == 1
    assert "cannot write the first key" in done.stderr
    assert "Traceback" not in done.stderr
    with open_database(f"sqlite:///{tmp_path / 'ebb.db'}").read() as connection:
        assert not any_key(connection)


def test_the_metrics_key_has_read_and_is_made_again_only_if_missing(tmp_path: Path) -> None:
    path = tmp_path / "metrics" / "key"

    def migrate() -> str:
        command = [EBB, "migrate", "--metrics-key", str(path)]
        subprocess.run(command, env=environment(tmp_path), capture_output=True, timeout=60, check=True)
        return path.read_text().strip()

    first = migrate()
    database = open_database(f"sqlite:///{tmp_path / 'ebb.db'}")
    with database.read() as connection:
        caller = find_caller(connection, first)
    assert caller is not None
    assert caller.scopes == {"read"}
    assert migrate() == first
    database.write(lambda connection: revoke_key(connection, caller.key_id))
    assert migrate() != first
    database.close()
