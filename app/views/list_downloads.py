"""Call lists: what a scoring job with a `call_list` wrote, as a file for spreadsheets."""

from typing import Annotated, Literal

import msgspec
from flask import Response
from msgspec import Meta

from app.call_lists.list_files import csv_text, xlsx_bytes
from app.call_lists.listed_customers import ListFilter, open_call_list
from app.routing.route import Header, Route
from app.schemas.field_types import ColumnName, PlainText
from app.services import Services
from model.tables.file_reading import WORKBOOK

CSV = "text/csv"


class CallListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The format of the file, and the customers to keep."""

    format: Literal["csv", "xlsx"] = "csv"
    search: Annotated[PlainText, Meta(description="only customers with this text in a cell")] = ""
    reason: Annotated[ColumnName | None, Meta(description="only customers with this column among the reasons")] = None


def download_call_list(services: Services, job_id: str, query: CallListQuery) -> Response:
    """Return the list as CSV or XLSX: the most profitable customer first, with the columns of the table."""
    stored = open_call_list(services, job_id)
    customers = stored.customers(ListFilter(query.search, query.reason or ""))
    if query.format == "xlsx":
        answer = Response(xlsx_bytes(customers, *stored.shape), mimetype=WORKBOOK)
    else:
        answer = Response(csv_text(customers, *stored.shape), mimetype=CSV)
    name = f"call-list-{stored.job.model}-{stored.job.created_at:%Y-%m-%d}.{query.format}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


ROUTES = (
    Route(
        "GET",
        "/v1/jobs/{job_id}/call-list",
        download_call_list,
        "read",
        "Download a call list",
        {200: CSV},
        refusals=(404, 409, 410, 422),
        query=CallListQuery,
        also=(WORKBOOK,),
        answer_headers=(Header("Content-Disposition", "the name of the file", required=True),),
    ),
)
