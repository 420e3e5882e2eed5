"""Checks the call list that a scoring job is asked for."""

from app.errors import InputError
from app.schemas.customer_scores import CallListRequest
from model.errors import Problem
from model.names import clipped
from store.rows import DatasetRow

PLACE = "/call_list"


def check_call_list(wanted: CallListRequest, output: str, direction: str | None, dataset: DatasetRow) -> None:
    """Refuse a call list of another format, without one value of a customer, or by a column that holds no numbers.

    Raises: InputError with all problems.
    """
    problems = []
    if output != "ndjson":
        detail = 'a call list is "ndjson"; GET /v1/jobs/{job_id}/call-list gives it as CSV or XLSX'
        problems.append(Problem("/output", "conflict", detail))
    if direction == "lowering":
        problems.append(Problem("/direction", "conflict", "a call list has reasons that raise the risk: leave it out"))
    if (wanted.customer_value is None) == (wanted.value_column is None):
        detail = "say what a customer is worth: give either customer_value or value_column"
        problems.append(Problem(PLACE, "conflict", detail))
    kinds = {column["name"]: column["kind"] for column in dataset.schema["columns"]}
    if wanted.value_column is not None and kinds.get(wanted.value_column) != "numeric":
        numbers = ", ".join(repr(name) for name, kind in kinds.items() if kind == "numeric") or "none"
        detail = f"column {clipped(wanted.value_column)!r} holds no numbers; these columns do: {numbers}"
        problems.append(Problem(f"{PLACE}/value_column", "unknown", detail))
    if problems:
        raise InputError.of(problems)
