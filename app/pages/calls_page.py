"""The call lists: those that were made, and one with its customers, filters and downloads."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from flask import Response
from msgspec import Meta

from app.call_lists.listed_customers import ListedCustomer, ListFilter, get_call_list_job, open_call_list
from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.schemas.field_types import PlainText
from app.schemas.job_resource import load_job
from app.services import Services
from model.limits import NAME_CHARACTERS
from store.datasets import find_dataset
from store.job_states import JobState
from store.jobs.read import list_jobs
from store.registry.versions import get_version
from store.rows import JobRow

ROWS = 50
LAST_LISTS = 20
LOOKED_AT = 200
"""The number of last scoring jobs among which call lists are searched."""
DOUBTS = {
    "leak": "This is too good to be true. A column probably tells what was known only after customers had left: leave "
    "that column out, and learn again.",
    "no_better_than_base_rate": "Ebb found nothing that tells who leaves: this list is hardly better than chance. More "
    "customers, or other columns, may help.",
}
"""What a reader should know of a version's warnings, by their codes; the others are for who trains."""


class CallListPageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which customers of the list to show, and which page of them."""

    search: PlainText = ""
    reason: Annotated[str, Meta(max_length=NAME_CHARACTERS)] = ""
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1


def show_calls(services: Services) -> Response:
    """Return the last call lists."""
    with services.database.read() as connection:
        jobs = list_jobs(connection, kinds=("scoring",), page_size=LOOKED_AT).rows
        lists = [job for job in jobs if "call_list" in job.params][:LAST_LISTS]
        tables = {job.dataset_id: find_dataset(connection, job.dataset_id) for job in lists}
    return render_page("calls", lists=lists, tables=tables)


def show_call_list(services: Services, job_id: str, query: CallListPageQuery) -> Response:
    """Return a call list; while it is made, how far it is."""
    row = get_call_list_job(services, job_id)
    with services.database.read() as connection:
        job, table = load_job(connection, row), find_dataset(connection, row.dataset_id)
        metrics = get_version(connection, row.model, row.params["version"]).metrics
    columns = table.schema["columns"] if table is not None else []
    numbers = [column["name"] for column in columns if column["kind"] == "numeric"]
    wanted = row.params["call_list"]
    shared = {"job": job, "table": table, "wanted": wanted, "numbers": numbers, "query": query}
    if row.state != JobState.SUCCEEDED:
        return render_page("call_list_waiting", section="/calls", **shared)
    sure: dict[str, Any] = {"auc": _auc(metrics), "doubts": _doubts(metrics)}
    return render_page("call_list", section="/calls", **shared, **sure, **_list(services, row, query))


def _list(services: Services, row: JobRow, query: CallListPageQuery) -> dict[str, Any]:
    """Return the values of the finished list's template."""
    stored = open_call_list(services, row.id)
    kept = list(stored.customers(ListFilter(query.search, query.reason)))
    first = (query.page - 1) * ROWS
    filters = {name: value for name, value in (("search", query.search), ("reason", query.reason)) if value}
    return {
        "told": (row.result or {})["call_list"],
        "result": row.result,
        "customers": list(islice(kept, first, first + ROWS)),
        "first": first,
        "kept": len(kept),
        "pages": -(-len(kept) // ROWS),
        "expected_profit": sum(one.expected_profit for one in kept),
        "reasons": _reasons(stored.customers(ListFilter())),
        "filters": f"&{urlencode(filters)}" if filters else "",
    }


def _reasons(customers: Iterable[ListedCustomer]) -> list[tuple[str, int]]:
    """Return the columns among the reasons of the list, with the number of customers, the most frequent first."""
    return Counter(reason.column for one in customers for reason in one.reasons).most_common()


def _auc(metrics: dict[str, Any]) -> float | None:
    """Return the AUC of a version on held-out rows, if it has one."""
    report = (metrics.get("evaluation") or {}).get("metrics", {}).get("auc")
    found = report.get("value") if isinstance(report, dict) else metrics.get("valid_auc")
    return found if isinstance(found, float) else None


def _doubts(metrics: dict[str, Any]) -> list[str]:
    """Return why the list may be wrong, from the warnings about its version.

    Example:
        >>> _doubts({"evaluation": {"warnings": [{"code": "still_improving"}]}})
        []
    """
    warnings = (metrics.get("evaluation") or {}).get("warnings", [])
    return [DOUBTS[warning["code"]] for warning in warnings if warning["code"] in DOUBTS]


ROUTES = (
    page_route("/calls", show_calls, "Call lists"),
    page_route("/calls/{job_id}", show_call_list, "A call list", CallListPageQuery),
)
