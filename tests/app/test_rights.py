"""The rights of every route, for every set of scopes and every parameter that extends a request.

A route, a parameter or a header without a line in the table fails the test, so that each gets an explicit scope.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from itertools import chain, combinations

import msgspec
import pytest
from flask.testing import FlaskClient

from app.routing.route import Route
from app.server.route_table import ROUTES
from store.database import Database
from store.keys import SCOPES
from store.registry.versions import get_version
from tests.app.conftest import CSV
from tests.app.test_access import Key, filled

NOWHERE = "01890000-0000-7000-8000-000000000000"
SETS = [frozenset(some) for n in range(1, len(SCOPES) + 1) for some in combinations(SCOPES, n)]


@dataclass(frozen=True)
class Right:
    """The scopes of a route: one of these, and another one for some values of a parameter.

    `plain` names the parameters that need no further scope.
    """

    scopes: str
    plain: str = ""
    widening: Mapping[str, Mapping[object, str]] = field(default_factory=dict)


PAGE = "?page_size ?page_token"
HOW = "?customer_value ?offer_cost ?contact_cost ?acceptance ?budget ?capacity"
FILE = "?delimiter ?encoding ?sheet"
JOB = "alias version output explain direction priority deadline_s"  # reading a result needs the scope `read` only
RIGHTS = {
    "score": Right(
        "score", f"?alias ?version ?explain ?direction {FILE} {HOW} records columns explain direction economics"
    ),
    "upload_dataset": Right("train", f"?target ?id ?name ?unlabelled {FILE} Idempotency-Key"),
    "read_again": Right("train", "target id"),
    "show_datasets": Right("read", f"{PAGE} ?name"),
    "show_dataset": Right("read"),
    "download_dataset": Right("read", "Range"),
    "delete_dataset": Right("train score"),
    "submit_training": Right(
        "train",
        "model dataset spec gate priority deadline_s validate_only Idempotency-Key",
        {"promote": {"always": "promote", "if_better": "promote"}},
    ),
    "submit_sweep": Right(
        "train",
        "model dataset spec configurations space seed folds halving gate priority deadline_s validate_only "
        "Idempotency-Key",
        {"promote": {"always": "promote", "if_better": "promote"}},
    ),
    "submit_scoring": Right(
        "score",
        f"model dataset {JOB} {' '.join('?' + name for name in JOB.split())} ?model ?name {FILE} call_list "
        "Idempotency-Key",
    ),
    "show_jobs": Right("read", f"?state ?kind ?model {PAGE}"),
    "show_job": Right("read"),
    "show_epochs": Right("read", PAGE),
    "cancel_job": Right("train score"),
    "stream_events": Right("read", "?last_event_id Last-Event-ID"),
    "retry_job": Right("train score", "Idempotency-Key"),
    "download_result": Right("read", "Range"),
    "download_call_list": Right("read", "?format ?search ?reason"),
    "delete_result": Right("train score"),
    "replay_version": Right("train", "Idempotency-Key"),
    "evaluate_version": Right(
        "train", "dataset customer_value offer_cost contact_cost acceptance priority deadline_s Idempotency-Key"
    ),
    "show_models": Right("read", PAGE),
    "show_model": Right("read"),
    "delete_version": Right("train"),
    "show_versions": Right("read", PAGE),
    "show_version": Right("read"),
    "download_weights": Right("read"),
    "show_card": Right("read"),
    "show_diff": Right("read", "?against ?dataset ?threshold ?most ?explain"),
    "show_alias": Right("read"),
    "put_alias": Right("promote", "version If-Match If-None-Match"),
    "show_history": Right("read", PAGE),
    "roll_back_alias": Right("promote", "If-Match"),
    "create_webhook": Right("admin", "url events model Idempotency-Key"),
    "show_webhooks": Right("admin", PAGE),
    "show_webhook": Right("admin"),
    "delete_webhook": Right("admin"),
    "show_deliveries": Right("admin", f"?state {PAGE}"),
    "redeliver_webhook": Right("admin"),
    "show_audit": Right("admin", f"?action ?actor {PAGE}"),
    "show_keys": Right("admin"),
    "make_key": Right("admin", "name scopes days requests_per_minute stored_bytes"),
    "end_key": Right("admin"),
    "metrics": Right("read"),
    "docs": Right("read"),
    "docs_start": Right("read"),
    "docs_script": Right("read"),
    "docs_style": Right("read"),
    "show_start": Right("read"),
    "show_table": Right("read"),
    "show_training": Right("read"),
    "show_calls": Right("read"),
    "show_call_list": Right("read", "?search ?reason ?page"),
    "show_jobs_page": Right("read", "?state ?kind ?model ?text ?page_token"),
    "show_job_page": Right("read"),
    "show_job_log": Right("read", "?attempt"),
    "show_models_page": Right("read", "?page_token"),
    "show_model_page": Right("read", "?page_token"),
    "show_version_page": Right("read", "?evaluation"),
    "show_comparison_page": Right("read", "?versions ?customers ?threshold"),
    "show_glass_box_page": Right("read", "?customer ?dataset ?outcome ?network ?member"),
    "show_operations": Right("read"),
    "show_keys_page": Right("admin"),
    "openapi": Right("read"),
}
BODIES = {name: {"model": "churn", "dataset": NOWHERE} for name in ("submit_training", "submit_sweep")}
CLOSED = [route for route in ROUTES if route.scope is not None]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def parameters(route: Route) -> Iterator[str]:
    """Yield all parameters beside the path: `?` marks those of the query, a capital letter those of headers."""
    yield from (f"?{field.encode_name}" for field in msgspec.structs.fields(route.query))
    yield from (field.encode_name for field in (msgspec.structs.fields(route.body) if route.body else ()))
    yield from (header.name for header in route.headers)


def test_every_route_and_every_parameter_has_a_line() -> None:
    told = {name: sorted([*right.plain.split(), *right.widening]) for name, right in RIGHTS.items()}
    assert told == {route.name: sorted(parameters(route)) for route in CLOSED}


def test_the_scopes_of_the_table_are_those_of_the_routes() -> None:
    assert {name: right.scopes.split() for name, right in RIGHTS.items()} == {
        route.name: [route.scope, *route.or_scopes] for route in CLOSED
    }


@pytest.mark.parametrize("route", CLOSED, ids=lambda route: route.name)
def test_a_key_opens_the_routes_of_its_scopes_only(route: Route, guarded: FlaskClient, key: Key) -> None:
    right = RIGHTS[route.name]
    plain: dict[str, object] = BODIES.get(route.name, {})
    wide = [({name: value}, scope) for name, values in right.widening.items() for value, scope in values.items()]
    for scopes in SETS:
        headers = key(*scopes)
        for more, beside in chain([({}, "")], wide):
            may = "admin" in scopes or bool(scopes & set(right.scopes.split()) and (not beside or beside in scopes))
            for method in {route.method, "HEAD"} if route.method == "GET" else {route.method}:
                sent = {"json": plain | more} if route.body is not None else {}
                answer = guarded.open(filled(route.path), method=method, headers=headers, **sent)
                assert (answer.status_code != 403) == may, (method, route.path, more, sorted(scopes))
                assert answer.status_code != 401
                if answer.status_code == 403 and method != "HEAD":
                    lacking = beside if scopes & set(right.scopes.split()) else str(route.scope)
                    told = unescape(answer.text)  # a page or a problem
                    assert f"lacks the scope '{lacking}'" in told
                    assert f"`ebb keys create --scope {lacking}`" in told


def test_a_dataset_of_another_key_is_read_again_only_by_a_key_with_read(guarded: FlaskClient, key: Key) -> None:
    mine, others, reader = key("train"), key("train"), key("train", "read")
    sent = guarded.post("/v1/datasets?unlabelled=true", data=CSV, content_type="text/csv", headers=mine).json["id"]
    for headers, status in ((others, 403), (mine, 201), (others, 403), (reader, 200)):
        answer = guarded.post(f"/v1/datasets/{sent}/readings", json={"target": "churned"}, headers=headers)
        assert answer.status_code == status, answer.text
        assert b"months" not in answer.data or status != 403


@pytest.mark.usefixtures("versions")
def test_only_a_key_with_read_gets_customers_of_a_dataset(guarded: FlaskClient, key: Key, database: Database) -> None:
    """Every route with things that are there, whatever the tables of scopes say."""
    with database.read() as connection:
        version = get_version(connection, "churn", 2)
    there = {"name": "churn", "version": "2", "alias": "champion", "job_id": version.job_id}
    there |= {"dataset_id": version.dataset_id, "key": "nobody", "webhook_id": NOWHERE, "delivery_id": NOWHERE}
    ids = b"|".join(line.partition(b",")[0] for line in CSV.splitlines()[1:])
    customer = re.compile(rb"(?<![\w-])(%s)(?![\w-])" % ids)  # not a part of a longer id, such as a job's
    query = {
        "show_diff": "?against=1&threshold=0.25&most=1000",
        "show_comparison_page": "?versions=1,2&customers=true&threshold=0.25",
    }
    readable = {"show_diff", "download_dataset", "show_comparison_page", "show_glass_box_page"}
    for scopes in SETS:
        headers, told = key(*scopes), set()
        for route in CLOSED:
            if route.method == "DELETE":  # the things stay there
                continue
            path = re.sub(r"{(\w+)}", lambda found: there[found[1]], route.path) + query.get(route.name, "")
            answer = guarded.open(path, method=route.method, headers=headers, buffered=True)
            if customer.search(answer.data):
                told.add(route.name)
        assert told == (readable if scopes & {"read", "admin"} else set()), sorted(scopes)
