"""The first page: takes a file, and lists the last ones."""

from flask import Response

from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.services import Services
from model.tables.file_reading import MEDIA_TYPES, PACKED
from store.datasets import list_datasets

LAST_TABLES = 5
NAMES = {
    "csv": "CSV",
    "ndjson": "NDJSON",
    "parquet": "Parquet",
    "xlsx": "Excel (XLSX)",
    PACKED: "packed by gzip or zip",
}
"""What people call the formats of tables."""


def show_start(services: Services) -> Response:
    """Return the first page."""
    with services.database.read() as connection:
        tables = list_datasets(connection, page_size=LAST_TABLES).rows
    return render_page("start", tables=tables, formats=[NAMES[one] for one in dict.fromkeys(MEDIA_TYPES.values())])


ROUTES = (page_route("/", show_start, "Start"),)
