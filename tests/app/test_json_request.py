"""The fast decoding of valid requests equals the validator, to the bit."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import AppError
from app.parsing.request_parsing import typed
from app.parsing.strict_json import no_name_twice, parse_json
from app.schemas.customer_scores import ScoreRequest
from app.scoring import json_request, ndjson_request

NUMBERS = ["0", "-0", "-0.0", "24", "79.99", "1e2", "1E+2", "0.1e-400", "9007199254740993", "123456789012345678901234"]
BAD_NUMBERS = ["1e999", "NaN", "-Infinity", "01", "9" * 400]
TEXTS = [
    '"DSL"',
    '"a:b"',
    r'"a\u003ab"',
    r'"\"months\": 1"',
    '""',
    '"Österreich 😀"',
    '"2024-02-03T04:05:06Z"',
    '"2024-02-03"',
]
BAD_TEXTS = [r'"\ud800"', '"tab\there"']
OTHER = ["null", "true", "false", "[]", '{"a": 1}', '{"months": 1}']
NAMES = ["id", "months", "charge", "plan", "paperless", "since", "always", "left"]
ODD_NAMES = [r"month\u0073", "month", "", "records", "columns", "a:b", "customer_id"]

fitting = {
    "id": st.sampled_from([*TEXTS, "5", "123456789012345678901234"]),
    "months": st.sampled_from(NUMBERS),
    "charge": st.sampled_from(NUMBERS),
    "plan": st.sampled_from(TEXTS),
    "paperless": st.sampled_from(["true", "false"]),
    "since": st.sampled_from(TEXTS),
    "always": st.sampled_from([*TEXTS, *NUMBERS, "true"]),
    "left": st.sampled_from([*TEXTS, *NUMBERS, "true"]),
}
anything = st.sampled_from([*NUMBERS, *BAD_NUMBERS, *TEXTS, *BAD_TEXTS, *OTHER])


@st.composite
def members(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Draw the names and values of a record as JSON text, sometimes with an anomaly."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    pairs = [(name, draw(st.one_of(fitting[name], st.just("null")))) for name in names]
    if draw(st.integers(0, 9)) == 0:
        odd = draw(st.sampled_from([*NAMES, *ODD_NAMES])), draw(anything)
        pairs.insert(draw(st.integers(0, len(pairs))), odd)
    return pairs


def written(pairs: list[tuple[str, str]], gap: str) -> str:
    return "{" + ",".join(f'"{name}"{gap}:{gap}{value}' for name, value in pairs) + "}"


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    gap = draw(st.sampled_from(["", " ", "\n\t"]))
    records = draw(st.lists(members(), max_size=4))
    if draw(st.booleans()):
        told = [("records", "[" + ",".join(written(pairs, gap) for pairs in records) + "]")]
    else:
        n = draw(st.integers(0, 3))
        names = draw(st.lists(st.sampled_from(NAMES), unique=draw(st.integers(0, 9)) > 0))
        columns = [(name, "[" + ",".join(draw(fitting[name]) for _ in range(n)) + "]") for name in names]
        told = [("columns", written(columns, gap))]
    options = {"explain": ["0", "3", "-1", "null", "2.0"], "records": ["null"], "colour": ["1"]}
    options["economics"] = ["null", '{"customer_value": 5}', '{"customer_value": 5, "customer_value": 6}', "{}", "[]"]
    for name in draw(st.lists(st.sampled_from([*options, "explain", "economics"]), max_size=2)):
        told.insert(draw(st.integers(0, len(told))), (name, draw(st.sampled_from(options[name]))))
    return written(told, gap).encode()


def twice(body: bytes) -> bool:
    """Tell by the standard library whether an object of the document has a repeated name."""
    found = []

    def pairs(members: list[tuple[str, object]]) -> None:
        found.append(len({name for name, _ in members}) < len(members))

    json.loads(body, object_pairs_hook=pairs)
    return any(found)


def members_of(value: object) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (len(value) if isinstance(value, dict) else 0) + sum(map(members_of, children))


texts = st.text(st.sampled_from('ab:"\\{}[], \n\u00e9'), max_size=4).map(json.dumps) | st.sampled_from(TEXTS)
documents = st.recursive(
    st.sampled_from([*NUMBERS, "null", "true"]) | texts,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda some: "[" + ", ".join(some) + "]")
        | st.lists(st.tuples(texts, inner, st.sampled_from(["", " ", "\n"])), max_size=4).map(
            lambda some: "{" + ",".join(f"{name}{gap}:{gap}{value}" for name, value, gap in some) + "}"
        )
    ),
    max_leaves=12,
)


@settings(max_examples=1000)
@given(documents)
def test_repeated_names_are_found_like_by_the_standard_library(document: str) -> None:
    body = document.encode()
    assert no_name_twice(body, members_of(json.loads(body))) is not twice(body)


@settings(max_examples=1000)
@given(bodies())
def test_fast_decoding_equals_the_validator(body: bytes) -> None:
    request = json_request.decode(body)
    if request is not None:
        assert repr(request) == repr(typed(parse_json(body), ScoreRequest))
        assert not twice(body)


@settings(max_examples=1000)
@given(members(), st.sampled_from(["", " ", "\t"]), st.sampled_from(["", "\r", " ", ",", "{}"]))
def test_fast_decoding_of_a_line_equals_the_validator(pairs: list[tuple[str, str]], gap: str, end: str) -> None:
    line = (written(pairs, gap) + end).encode()
    record = ndjson_request.decode(line)
    if record is not None:
        assert repr(record) == repr(parse_json(line))
        assert not twice(line)


RECORD: dict[str, Any] = {
    "id": "c-1",
    "months": 3,
    "charge": 2.5,
    "plan": "a:b",
    "paperless": True,
    "since": "2024-01-01T01:00:00Z",
}


@pytest.mark.parametrize(
    "request_",
    [
        {"records": [RECORD, {"months": None}], "explain": 2},
        {"records": [{}], "economics": {"customer_value": 5}},
        {"columns": {name: [value, value] for name, value in RECORD.items()}, "explain": 0},
    ],
)
def test_ordinary_requests_use_the_fast_decoding(request_: dict[str, object]) -> None:
    assert json_request.decode(json.dumps(request_, indent=1).encode()) is not None
    assert ndjson_request.decode(json.dumps(RECORD).encode()) is not None


@pytest.mark.parametrize("name", ["months", "mont\\u0068s"])
def test_a_repeated_name_is_refused_beside_escaped_colons(name: str) -> None:
    record = r'{"plan": "\u003a", "months": 1, "' + name + '": 2}'
    assert ndjson_request.decode(record.encode()) is None
    body = b'{"records": [%s]}' % record.encode()
    assert json_request.decode(body) is None
    with pytest.raises(AppError):
        parse_json(body)
