"""The metadata of all tables, with its names for constraints, and common column types."""

from sqlalchemy import JSON, BigInteger, Integer, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(36)
Digest = String(64)
Name = String(100)
Json = JSON(none_as_null=True)
# SQLite increments only an INTEGER PRIMARY KEY.
Serial = BigInteger().with_variant(Integer(), "sqlite")
