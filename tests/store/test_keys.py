"""API keys are shown once, kept as a hash, and refused when unknown, malformed, expired or revoked."""

from datetime import UTC, datetime, timedelta

import pytest

from store.database import Database
from store.errors import NotFoundError
from store.keys import Caller, any_key, create_key, find_caller, list_keys, new_key, revoke_key, touch_key
from store.tables import api_keys

PAST, FUTURE = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))  # much longer than a test run


def _create(database: Database, *scopes: str, expires_at: datetime | None = None) -> str:
    wanted = scopes or ("score",)
    return database.write(lambda connection: create_key(connection, "ci", wanted, expires_at))


def _find(database: Database, key: str) -> Caller | None:
    with database.read() as connection:
        return find_caller(connection, key)


def test_a_key_is_known_with_its_scopes(database: Database) -> None:
    key = _create(database, "read", "score")
    assert _find(database, key) == Caller(key.split("_")[1], frozenset({"read", "score"}))


def test_a_key_whose_commit_went_unanswered_is_found_and_not_made_twice(database: Database) -> None:
    key = new_key()
    for _ in range(2):
        assert database.write(lambda connection: create_key(connection, "ci", ["read"], key=key)) == key
    with database.read() as connection:
        assert len(list_keys(connection)) == 1


def test_only_a_hash_of_the_secret_is_kept(database: Database) -> None:
    secret = _create(database).split("_")[2]
    with database.read() as connection:
        kept = connection.execute(api_keys.select()).one()
        shown = list_keys(connection)[0]
    assert secret not in str(kept)
    assert kept.secret_sha256 not in str(shown)


def test_keys_are_never_the_same(database: Database) -> None:
    assert len({_create(database) for _ in range(20)}) == 20


@pytest.mark.parametrize(("expires_at", "valid"), [(PAST, False), (FUTURE, True), (None, True)])
def test_a_key_is_valid_until_it_expires(database: Database, expires_at: datetime | None, valid: bool) -> None:
    assert (_find(database, _create(database, expires_at=expires_at)) is not None) is valid


def test_a_revoked_key_is_unknown_from_then_on_and_stays_so(database: Database) -> None:
    key = _create(database)
    key_id = key.split("_")[1]
    for _ in range(2):
        database.write(lambda connection: revoke_key(connection, key_id))
        assert _find(database, key) is None


def test_revoking_an_unknown_key_says_so(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no key 'abc'"):
        database.write(lambda connection: revoke_key(connection, "abc"))


def test_malformed_keys_are_unknown(database: Database) -> None:
    key = _create(database)
    _, key_id, secret = key.split("_")
    odd = ["", "_", "ebb", "ebb__", "ebb_\x00_\x00", "ebb_\ud800_x", "ebb_é_ü", "Bearer", "x" * 100_000, f"{key}\n"]
    near = [key[:-1], f"{key}0", key.upper(), f" {key}", f"{key}_", f"EBB_{key_id}_{secret}", f"ebb_{key_id}_"]
    forged = [f"ebb_{key_id}_{'0' * 48}", f"ebb_00000000_{secret}", f"ebb_%_{secret}", f"ebb_{secret}_{key_id}"]
    assert [candidate for candidate in odd + near + forged if _find(database, candidate) is not None] == []


@pytest.mark.parametrize("scopes", [(), ("score", "root"), "admin"])
def test_a_key_without_scopes_or_with_unknown_ones_is_not_made(database: Database, scopes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="choose from score, read"):
        database.write(lambda connection: create_key(connection, "ci", scopes))
    with database.read() as connection:
        assert not any_key(connection)


def test_a_caller_has_the_rights_of_its_scopes_and_an_admin_all() -> None:
    reader, admin = Caller("1", frozenset({"read"})), Caller("2", frozenset({"admin"}))
    assert [reader.may("read"), reader.may("train"), admin.may("train")] == [True, False, True]


@pytest.mark.parametrize("ended", ["expired", "revoked"])
def test_a_service_whose_only_key_has_ended_has_none(database: Database, ended: str) -> None:
    key = _create(database, expires_at=PAST if ended == "expired" else FUTURE)
    if ended == "revoked":
        with database.read() as connection:
            assert any_key(connection)
        database.write(lambda connection: revoke_key(connection, key.split("_")[1]))
    with database.read() as connection:
        assert not any_key(connection)


def test_the_last_use_of_a_key_is_noted(database: Database) -> None:
    key_id = _create(database).split("_")[1]
    database.write(lambda connection: touch_key(connection, key_id))
    with database.read() as connection:
        row = list_keys(connection)[0]
    assert row.last_used_at >= row.created_at
