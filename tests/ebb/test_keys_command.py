"""`ebb keys` makes keys with safe names, and escapes unsafe names in its output."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ebb.commands.keys import keys
from store.database import open_database
from store.keys import create_key
from store.migrate import upgrade


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'ebb.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    database = open_database(url)
    upgrade(database)
    database.close()
    return url


@pytest.mark.parametrize("name", ["ci", "Jürgen’s laptop", "שם", "👩", "x" * 100])
def test_a_key_of_an_ordinary_name_is_made(url: str, name: str) -> None:
    made = CliRunner().invoke(keys, ["create", "--name", name, "--scope", "read"])
    assert made.exit_code == 0, made.output
    (listed,) = json.loads(CliRunner().invoke(keys, ["list", "--json"]).stdout)
    assert listed["name"] == name


@pytest.mark.parametrize(
    "name",
    ["", "  ", "x" * 101, "a\nb", "a\x1b[2J", "ana\u202elyst", "a\u200f", "a\x85", "👩\u200d💻", "\ufeffci"],
)
def test_a_name_that_is_not_safe_to_show_is_refused(url: str, name: str) -> None:
    refused = CliRunner().invoke(keys, ["create", "--name", name, "--scope", "read"])
    assert refused.exit_code == 2
    assert "--name" in refused.stderr
    assert json.loads(CliRunner().invoke(keys, ["list", "--json"]).stdout) == []


def test_a_name_of_an_earlier_release_is_listed_spelled_out(url: str) -> None:
    database = open_database(url)
    database.write(lambda connection: create_key(connection, "[/red]\x1b[2J\u202e", ["read"]))
    database.close()
    listed = CliRunner().invoke(keys, ["list"])
    assert listed.exit_code == 0
    assert "[/red]\\u001b[2J\\u202e" in listed.stdout
