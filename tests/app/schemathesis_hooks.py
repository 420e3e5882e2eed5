"""The expected refusals that a schema cannot describe. Every other refusal is a failure.

A schema describes the form of a request. It does not know the existing objects, the content of a table, or conflicts of
valid values. Refusals of these kinds have their own codes.
"""

import json
import re
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import IgnoredAuth, RejectedPositiveData

from ebb.customers import customers

BEYOND_SCHEMAS = {
    "address": "a webhook's address that the settings do not allow",
    "conflict": "values that are right one by one and contradict each other",
    "expired": "a dataset that was removed",
    "idempotency-key": "an idempotency key that another request was sent under",
    "not_found": "a dataset that is not there",
    "page-token": "a page token that this list did not give out",
    "unreadable-table": "a table without the column that the query names, or that is no table",
}
UNTRUE = {
    412: "a condition that does not hold (RFC 9110, 13.1)",
    416: "a range of bytes that the file does not have (RFC 9110, 14.2)",
    413: "more bytes than one request may bring",
    428: "one of two headers is missing (RFC 6585, 3)",
}
REFUSED_UNREAD = {413: "too many bytes", 414: "too long a query", 431: "too long a header"}
TOLD_ELSEWHERE = (
    "/spec/",
    "/records/",
    "/columns/",
    "/configurations/",
    "/space",
)  # docs/spec.md has the keys, a version has its columns
WHOLE = re.compile("must be a whole number.*, not a number")  # JSON Schema accepts 7.0; this service requires 7

TABLES = [customers(n, seed=n).to_csv().encode() for n in (10, 40)]
schemathesis.openapi.media_type("text/csv", st.sampled_from(TABLES) | st.binary())


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Tell whether this is a failure of the service."""
    if isinstance(failure, AcceptedNegativeData):
        return response.status_code not in REFUSED_UNREAD
    if isinstance(failure, IgnoredAuth):
        return "got `429 " not in failure.message  # the refusal of an address with many wrong keys
    return not isinstance(failure, RejectedPositiveData) or not _is_right(case, response)


def _is_right(case: Any, response: Any) -> bool:
    """Tell whether the refusal of a request of valid form is correct."""
    if response.status_code in UNTRUE:
        return True
    problem = json.loads(response.content)
    of_table = case.media_type is not None and case.media_type != "application/json"
    if of_table and problem["type"] == "urn:problem-type:ebb:malformed-body":
        return True  # no schema describes the bytes of a table
    return bool(problem["errors"]) and all(_beyond_schemas(error, of_table=of_table) for error in problem["errors"])


def _beyond_schemas(error: dict[str, str], *, of_table: bool) -> bool:
    place, code = error["pointer"], error["code"]
    return (
        code in BEYOND_SCHEMAS
        or WHOLE.fullmatch(error["detail"]) is not None
        or place.startswith(TOLD_ELSEWHERE)
        or (of_table and not place.startswith(("/query/", "/headers/")))  # or its content
        or (
            code == "missing" and place in ("/query/model", "/query/target", "/query/customer_value", "/configurations")
        )  # required by other members
    )
