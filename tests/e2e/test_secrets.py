"""`ebb secrets` and `ebb migrate --service-role`: generated passwords, and their two roles."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from store.database import open_database
from tests.e2e.running import EBB, environment
from tests.parts.postgres import Postgres

ROLE = f"ebb_test_{uuid4().hex[:12]}"


def run(home: Path, *arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [EBB, *map(str, arguments)]
    given = environment(home) | environ
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=60, check=False)


def test_each_file_gets_a_password_of_its_own_once_for_its_owner_and_its_group(tmp_path: Path) -> None:
    paths = [tmp_path / name / "password" for name in ("owner", "service")]
    assert run(tmp_path, "secrets", *paths).returncode == 0
    made = [path.read_text() for path in paths]
    assert made[0] != made[1]
    assert all(len(password) >= 40 and password.isascii() and password.isprintable() for password in made)
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o440] * 2
    paths[1].unlink()
    again = run(tmp_path, "secrets", *paths)
    assert paths[0].read_text() == made[0]
    assert paths[1].read_text() != made[1]
    assert again.stdout == f"wrote a new password to {paths[1]}\n"
    assert paths[1].read_text() not in again.stdout + again.stderr


def test_a_given_password_is_kept_and_an_invalid_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("their own\n")
    assert run(tmp_path, "secrets", path).returncode == 0
    assert path.read_text() == "their own\n"
    path.write_text("")
    refused = run(tmp_path, "secrets", path)
    assert refused.returncode == 1
    assert f"{path} must hold the password in one line" in refused.stderr
    beside = run(tmp_path, "secrets", path / "below")
    assert beside.returncode == 1
    assert "Traceback" not in beside.stderr


@pytest.fixture
def bare_url(postgres: Postgres) -> Iterator[str]:
    url = postgres.create_database()
    yield url
    postgres.drop_database(url)
    postgres.drop_role(ROLE)


def test_a_site_starts_with_passwords_in_files_alone(tmp_path: Path, bare_url: str) -> None:
    path = tmp_path / "password"
    run(tmp_path, "secrets", path)
    service = ["--service-role", ROLE, "--service-password-file", str(path)]
    for _ in range(2):  # as at every start
        done = run(tmp_path, "migrate", *service, DATABASE_URL=bare_url)
        assert (done.returncode, done.stderr) == (0, "")
    address = make_url(bare_url).set(username=ROLE).render_as_string()
    as_service = {"DATABASE_URL": address, "DATABASE_PASSWORD_FILE": str(path)}
    assert run(tmp_path, "keys", "create", "--name", "n", "--scope", "read", **as_service).returncode == 0
    assert [line.split()[1] for line in run(tmp_path, "keys", "list", **as_service).stdout.splitlines()[1:]] == ["n"]
    refused = run(tmp_path, "migrate", *service, **as_service)
    assert refused.returncode == 1
    assert f"the role {ROLE} cannot be the service's: it is, or belongs to, the role that migrates" in refused.stderr
    database = open_database(make_url(address).set(password=path.read_text()).render_as_string(hide_password=False))
    with pytest.raises(DBAPIError, match="must be owner"), database.engine.connect() as connection:
        connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
    database.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--service-password-file", "/dev/null"), "needs --service-role"),
        (("--service-role", "ebb_service", "--service-password-file", "/dev/null"), "must hold the password"),
        (("--service-role", "ebb_service"), "sqlite has no roles; leave --service-role out"),
    ],
)
def test_invalid_options_are_refused_with_a_message(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    refused = run(tmp_path, "migrate", *arguments)
    assert refused.returncode != 0
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr
