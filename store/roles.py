"""The service's role on PostgreSQL, which may read and write rows and nothing else.

The tables belong to the role that migrates. The service's role can neither alter them nor disable their triggers, so
the audit log is append-only for the service.
"""

from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from store.database import Database
from store.errors import DatabaseError
from store.migrate import LOCK, NOT_ALLOWED

ROWS = "SELECT, INSERT, UPDATE, DELETE"
KEPT = "SELECT, INSERT, UPDATE"
APPENDED = "SELECT, INSERT"
# Tables with fewer rights than ROWS. All others get ROWS, also those of later releases.
LESS = {
    "alembic_version": "SELECT",
    "alias_moves": APPENDED,
    "api_keys": KEPT,
    "audit_log": APPENDED,
    "models": KEPT,
}
PROBLEMS = """
SELECT problem FROM pg_roles AS service, LATERAL (VALUES
  (EXISTS (SELECT FROM pg_roles AS one WHERE one.rolsuper AND pg_has_role(service.oid, one.oid, 'MEMBER')),
   'is, or belongs to, a superuser'),
  (rolcreaterole, 'may make roles'),
  (rolcreatedb, 'may make databases'),
  (rolreplication, 'may replicate'),
  (rolbypassrls, 'may bypass row security'),
  (pg_has_role(rolname, current_user, 'MEMBER'), 'is, or belongs to, the role that migrates'),
  (has_schema_privilege(rolname, current_schema(), 'CREATE'), 'may make tables in ' || current_schema()),
  (EXISTS (SELECT FROM pg_tables WHERE schemaname = current_schema() AND pg_has_role(rolname, tableowner, 'MEMBER')),
   'owns tables'),
  (has_table_privilege(rolname, 'audit_log', 'UPDATE, DELETE, TRUNCATE, TRIGGER'), 'may change the audit log')
) AS problems (there, problem) WHERE rolname = %(role)s AND there
"""


def grant_service(database: Database, role: str, password: str | None = None) -> None:
    """Grant a role the service's rights in the tables of this and later releases.

    A role that does not exist is created, which takes a password and the right to create roles. A given password
    becomes the role's.

    Raises: DatabaseError where the database has no roles, or the role has more rights than these.
    """

    def work(connection: Connection) -> None:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        _make(connection, role, password)
        _grant(connection, role)
        if problems := connection.exec_driver_sql(PROBLEMS, {"role": role}).scalars().all():
            raise DatabaseError(
                f"the role {role} cannot be the service's: it {', and it '.join(problems)}; choose a role of its own"
            )

    if database.engine.dialect.name != "postgresql":
        raise DatabaseError(f"{database.engine.dialect.name} has no roles; leave --service-role out")
    try:
        database.write(work)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != NOT_ALLOWED:
            raise
        raise DatabaseError(
            f"cannot prepare the role {role}: {error.orig}; migrate as the role that owns the tables and may make roles"
        ) from error


def _make(connection: Connection, role: str, password: str | None) -> None:
    name = _quoted(connection, role)
    known = "SELECT FROM pg_roles WHERE rolname = %(role)s"
    if connection.exec_driver_sql(known, {"role": role}).first() is None:
        if password is None:
            raise DatabaseError(f"there is no role {role}; make it, or name its password's file")
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN")
    if password is not None:
        # Encrypted here, so that the server's log never shows it. The result holds no quote.
        server = connection.connection.driver_connection.pgconn  # type: ignore[union-attr]  # psycopg's
        secret = server.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        connection.exec_driver_sql(f"ALTER ROLE {name} PASSWORD '{secret}'")


def _grant(connection: Connection, role: str) -> None:
    name = _quoted(connection, role)
    schema = _quoted(connection, connection.exec_driver_sql("SELECT current_schema()").scalar_one())
    every = f"IN SCHEMA {schema}"
    statements = [
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
        f"REVOKE ALL ON ALL TABLES {every} FROM {name}",
        f"GRANT {ROWS} ON ALL TABLES {every} TO {name}",
        f"GRANT USAGE ON ALL SEQUENCES {every} TO {name}",
        f"ALTER DEFAULT PRIVILEGES {every} GRANT {ROWS} ON TABLES TO {name}",
        f"ALTER DEFAULT PRIVILEGES {every} GRANT USAGE ON SEQUENCES TO {name}",
    ]
    for table, rights in LESS.items():
        of = f"ON {schema}.{_quoted(connection, table)}"
        statements += [f"REVOKE ALL {of} FROM {name}", f"GRANT {rights} {of} TO {name}"]
    for statement in statements:
        connection.exec_driver_sql(statement)


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
