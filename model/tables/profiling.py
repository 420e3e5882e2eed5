"""Profiles a file chunk by chunk."""

from dataclasses import replace

from model.columns.readings import FoundReading
from model.columns.schema import Schema
from model.profile.table_profile import TableProfile
from model.tables.opening import How, Source, recognise
from model.tables.reader import PROFILE_ROWS, read_cells


def profile_file(
    source: Source,
    how: How,
    target: str | None = None,
    id_column: str | None = None,
    *,
    chunk_rows: int = PROFILE_ROWS,
) -> Schema:
    """Return the schema of a table; with a target, also warnings about training on it.

    The schema says how the file is read. The file is read once. It is read again if a column of texts begins with
    numbers, and if the texts of a column are numbers with marks or dates.

    Raises:
        TableError: the file cannot be read or trained on; the message has the row and the remedy.
        ColumnError: the target or id column is missing, or the target is not a yes/no column.
    """
    reading, warnings = recognise(source, how)
    texts: set[str] = set()
    found: dict[str, FoundReading] = {}
    while True:
        profile = TableProfile(target, id_column, found)
        columns = {name: one.reading for name, one in found.items()}
        for chunk in read_cells(source, reading, texts, chunk_rows, columns, id_column):
            profile.add(chunk.columns, chunk.rows)
            texts |= profile.texts()
        new = profile.readings()
        if not new and not profile.mixed():
            schema = profile.schema()
            return replace(schema, read_as=reading.to_json(), warnings=(*warnings, *schema.warnings))
        found |= new
