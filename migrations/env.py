"""Runs migrations on the connection of store.migrate, inside its transaction."""

from alembic import context

from store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by a copy
    compare_type=True,
)
context.run_migrations()
