"""The rights of the service's role on PostgreSQL, on a real server. The other tests of this folder use the role."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from store.audit import record_action
from store.database import Database, open_database
from store.errors import DatabaseError
from store.migrate import downgrade, is_current, upgrade
from store.roles import LESS, grant_service
from store.tables import metadata
from tests.parts.postgres import Postgres

OWNER = (Path(__file__).parents[2] / "deploy" / "owner.sql").read_text(encoding="utf-8")
PASSWORD = "p'ss\\w%rd"
REFUSED = [
    "ALTER TABLE audit_log DISABLE TRIGGER audit_log_change",
    "ALTER TABLE audit_log DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_log_truncate ON audit_log",
    "CREATE TRIGGER mine BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION ebb_append_only()",
    "CREATE OR REPLACE FUNCTION ebb_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$",
    "DROP FUNCTION ebb_append_only() CASCADE",
    "SET session_replication_role = replica",
    "UPDATE audit_log SET actor = 'eve'",
    "DELETE FROM audit_log",
    "TRUNCATE audit_log",
    "TRUNCATE jobs CASCADE",
    "DROP TABLE audit_log",
    "ALTER TABLE jobs ADD COLUMN mine integer",
    "CREATE TABLE mine (id integer)",
    "UPDATE alembic_version SET version_num = '0001'",
    "DELETE FROM alias_moves",
    "DELETE FROM api_keys",
    "DELETE FROM models",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "COPY audit_log TO PROGRAM 'true'",
]


@dataclass(frozen=True)
class Site:
    """A database without tables, with an owner that is not a superuser, and a name for the role of the service."""

    server: Postgres
    owner_url: str
    role: str

    def as_service(self) -> Database:
        url = make_url(self.owner_url).set(username=self.role, password=PASSWORD)
        return open_database(url.render_as_string(hide_password=False))

    def make_owner(self) -> None:
        """Run deploy/owner.sql as the superuser, with the names of this database and its owner."""
        named = make_url(self.owner_url)
        with psycopg.connect(self._as_superuser(), autocommit=True) as connection:
            folder = connection.execute("SHOW data_directory").fetchone()
            path = f"{folder[0] if folder else ''}/ebb_test_password"
            connection.execute(sql.SQL("COPY (SELECT {}) TO {} (FORMAT csv)").format(PASSWORD, path))
            names = {"/var/lib/ebb-secrets/owner/password": path, "DATABASE ebb": f"DATABASE {named.database}"}
            names |= {"'ebb'": f"'{named.username}'", "ROLE ebb": f"ROLE {named.username}"}
            script = re.sub("|".join(names), lambda found: names[found[0]], OWNER)
            connection.execute(script.replace("TO ebb", f"TO {named.username}").encode())

    def _as_superuser(self) -> str:
        url = make_url(self.server.as_owner(self.owner_url)).set(drivername="postgresql")
        return url.render_as_string(hide_password=False)

    def run(self, statement: LiteralString) -> None:
        """Run a statement as the superuser, with the names of the roles inserted."""
        named = make_url(self.owner_url)
        names = {"owner": named.username or "", "role": self.role, "database": named.database or ""}
        names["superuser"] = make_url(self._as_superuser()).username or ""
        with psycopg.connect(self._as_superuser(), autocommit=True) as connection:
            quoted = {name: sql.Identifier(value) for name, value in names.items()}
            connection.execute(sql.SQL(statement).format(**quoted, password=PASSWORD))


@pytest.fixture
def site(postgres: Postgres) -> Iterator[Site]:
    url = postgres.create_database()
    owner, role = (f"ebb_test_{uuid4().hex[:8]}_{name}" for name in ("owner", "service"))
    with_owner = make_url(url).set(username=owner, password=PASSWORD).render_as_string(hide_password=False)
    made = Site(postgres, with_owner, role)
    for _ in range(2):  # as at every start
        made.make_owner()
    yield made
    postgres.drop_database(url)
    for name in (role, owner):
        postgres.drop_role(name)


@pytest.fixture
def owner_of_site(site: Site) -> Iterator[Database]:
    database = open_database(site.owner_url)
    yield database
    database.close()


@pytest.fixture
def served(site: Site, owner_of_site: Database) -> Iterator[Database]:
    """The migrated database, opened by the role of the service."""
    upgrade(owner_of_site)
    grant_service(owner_of_site, site.role, PASSWORD)
    database = site.as_service()
    yield database
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE DATABASE mine",
        "CREATE ROLE mine SUPERUSER",
        "COPY pg_database TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')",
        "SET session_replication_role = replica",
        "ALTER SYSTEM SET log_statement = 'all'",
    ],
)
def test_the_owner_of_the_tables_is_no_superuser(owner_of_site: Database, site: Site, statement: str) -> None:
    upgrade(owner_of_site)
    grant_service(owner_of_site, site.role, PASSWORD)
    with pytest.raises(DBAPIError) as refused, owner_of_site.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))
    assert refused.value.orig.sqlstate == "42501"


@pytest.mark.parametrize("statement", REFUSED)
def test_the_service_may_change_rows_only_and_no_line_of_the_audit_log(served: Database, statement: str) -> None:
    served.write(lambda connection: record_action(connection, "alias.moved", "churn", by="ada"))
    with pytest.raises(DBAPIError) as refused, served.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement.replace(":", "\\:")))
    assert refused.value.orig.sqlstate == "42501"
    with served.read() as connection:
        assert connection.execute(text("SELECT actor FROM audit_log")).scalars().all() == ["ada"]


def test_the_service_has_no_right_beyond_those_that_the_table_names(served: Database, site: Site) -> None:
    rights = text(
        "SELECT table_name, string_agg(privilege_type, ', ' ORDER BY privilege_type) "
        "FROM information_schema.role_table_grants WHERE grantee = :role GROUP BY 1"
    )
    with served.read() as connection:
        held = dict(connection.execute(rights, {"role": site.role}).all())
    assert held.keys() == {*metadata.tables, "alembic_version"}
    plain = {name for name, told in held.items() if told == "DELETE, INSERT, SELECT, UPDATE"}
    assert held.keys() - plain == LESS.keys()
    assert held["audit_log"] == held["alias_moves"] == "INSERT, SELECT"
    assert held["alembic_version"] == "SELECT"


def test_tables_of_a_later_release_work_before_rights_are_granted_again(
    served: Database, owner_of_site: Database
) -> None:
    later = "CREATE TABLE later (id bigserial PRIMARY KEY, note text)"
    owner_of_site.write(lambda connection: connection.execute(text(later)))
    for statement in ("INSERT INTO later (note) VALUES ('a')", "UPDATE later SET note = 'b'", "DELETE FROM later"):
        served.write(lambda connection, statement=statement: connection.execute(text(statement)))


def test_rights_granted_by_hand_are_revoked(served: Database, owner_of_site: Database, site: Site) -> None:
    site.run("GRANT ALL ON audit_log, workers TO {role}")
    grant_service(owner_of_site, site.role)
    for statement in ("DELETE FROM audit_log", "TRUNCATE workers"):
        with pytest.raises(DBAPIError, match="permission denied"):
            served.write(lambda connection, statement=statement: connection.execute(text(statement)))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("ALTER ROLE {role} SUPERUSER", "is, or belongs to, a superuser"),
        ("GRANT {superuser} TO {role}", "is, or belongs to, a superuser"),
        ("ALTER ROLE {role} CREATEROLE", "may make roles"),
        ("ALTER ROLE {role} CREATEDB", "may make databases"),
        ("ALTER ROLE {role} BYPASSRLS", "may bypass row security"),
        ("ALTER ROLE {role} REPLICATION", "may replicate"),
        ("GRANT CREATE ON SCHEMA public TO {role}", "may make tables in public"),
        ("ALTER TABLE workers OWNER TO {role}", "owns tables"),
        ("GRANT UPDATE ON audit_log TO PUBLIC", "may change the audit log"),
        ("GRANT pg_write_all_data TO {role}", "may change the audit log"),
    ],
)
@pytest.mark.usefixtures("served")
def test_a_role_with_more_rights_is_refused(
    owner_of_site: Database, site: Site, given: LiteralString, fault: str
) -> None:
    site.run(given)
    superuser = open_database(site.server.as_owner(site.owner_url))
    by = superuser if given.startswith("ALTER TABLE") else owner_of_site  # other roles with grant rights
    with pytest.raises(DatabaseError, match=f"the role {site.role} cannot be the service's: .*{fault}"):
        grant_service(by, site.role)
    superuser.close()


def test_the_role_that_migrates_is_not_the_services(owner_of_site: Database) -> None:
    upgrade(owner_of_site)
    with pytest.raises(DatabaseError, match="is, or belongs to, the role that migrates"):
        grant_service(owner_of_site, owner_of_site.engine.url.username or "")


def test_a_new_password_is_effective_and_stored_encrypted(
    served: Database, owner_of_site: Database, site: Site
) -> None:
    superuser = open_database(site.server.as_owner(site.owner_url))

    def stored() -> str:
        with superuser.read() as connection:
            query = text("SELECT rolpassword FROM pg_authid WHERE rolname = :role")
            return str(connection.execute(query, {"role": site.role}).scalar_one())

    before = stored()
    assert before == scram(PASSWORD, like=before)
    grant_service(owner_of_site, site.role)
    assert stored() == before
    grant_service(owner_of_site, site.role, "another")
    assert stored() == scram("another", like=stored())
    superuser.close()


def scram(password: str, like: str) -> str:
    """Return what PostgreSQL stores of a password (RFC 5803), with the salt and the rounds of another entry."""
    _, parameters, _ = like.split("$")
    rounds, salt = parameters.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    client, server = (hmac.digest(salted, name, "sha256") for name in (b"Client Key", b"Server Key"))
    kept = (base64.b64encode(key).decode() for key in (hashlib.sha256(client).digest(), server))
    return f"SCRAM-SHA-256${parameters}${':'.join(kept)}"


def test_without_a_password_there_is_no_new_role(owner_of_site: Database, site: Site) -> None:
    upgrade(owner_of_site)
    with pytest.raises(DatabaseError, match=f"there is no role {site.role}"):
        grant_service(owner_of_site, site.role)


def test_the_service_sees_that_the_tables_are_current_and_cannot_migrate(
    served: Database, owner_of_site: Database, site: Site
) -> None:
    upgrade(served)  # there is nothing to do
    assert is_current(served)
    with pytest.raises(DatabaseError, match="as the role that owns the tables"):
        downgrade(served, "0001")
    with pytest.raises(DatabaseError, match="cannot prepare the role"):
        grant_service(served, f"{site.role}_other", PASSWORD)
    downgrade(owner_of_site)
    upgrade(owner_of_site)
    grant_service(owner_of_site, site.role)
    served.write(lambda connection: record_action(connection, "alias.moved", "churn", by="ada"))


def test_sqlite_has_no_roles(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/ebb.db")
    with pytest.raises(DatabaseError, match="leave --service-role out"):
        grant_service(database, "ebb_service", PASSWORD)
