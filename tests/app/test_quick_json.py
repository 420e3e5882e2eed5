"""The quick reader says what the careful one says, or nothing; it never loses a record, a name or a bit."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.edge.inputs import typed
from app.edge.strict_json import parse_json
from app.errors import AppError
from app.scoring.customers import Customers, read_customers
from app.scoring.ndjson import read_ndjson
from app.scoring.options import Options, of_body
from app.scoring.quick_json import quick_reader
from app.shapes.scores import ScoreRequest
from tests.app.mixed import train

ESTIMATOR = train()
READER = quick_reader(ESTIMATOR)
assert READER is not None

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
    """A record's names and values as they are written; now and then with something odd about it."""
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


def careful(body: bytes) -> tuple[Customers, Options]:
    request = typed(parse_json(body), ScoreRequest)
    return read_customers(request), of_body(request.explain, request.economics)


def check_equal(quick: Customers, slow: Customers) -> None:
    """Compare what scoring makes of both, which is all that a reader is for."""
    assert quick.n == slow.n
    assert ESTIMATOR.unknown(slow.columns) == []
    nobody = [None] * quick.n
    assert quick.columns.get("id", nobody) == slow.columns.get("id", nobody)
    (one, one_faults), (other, other_faults) = (ESTIMATOR.read(each.columns, each.n) for each in (quick, slow))
    assert one_faults.rows == other_faults.rows
    assert ESTIMATOR.encoder.encode(one).tobytes() == ESTIMATOR.encoder.encode(other).tobytes()
    for row in range(quick.n):
        assert quick.place(row, "/months") == slow.place(row, "/months")


@settings(max_examples=1000)
@given(bodies())
def test_what_is_read_quickly_is_what_is_read_carefully(body: bytes) -> None:
    quick = READER.read_json(body)
    if quick is not None:
        customers, options = careful(body)
        check_equal(quick[0], customers)
        assert quick[1] == options


@settings(max_examples=1000)
@given(st.lists(st.tuples(members(), st.sampled_from(["", " ", "\t"])), min_size=1, max_size=4), st.data())
def test_what_is_read_quickly_of_lines_is_what_is_read_carefully(records: list[Any], data: st.DataObject) -> None:
    ends = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", " ", ",", "\n ", ""])
    body = "".join(written(pairs, gap) + data.draw(ends) for pairs, gap in records).encode()
    if data.draw(st.integers(0, 9)) == 0:
        body = body.replace(b",", b"\n,", 1)
    quick = READER.read_lines(body)
    if quick is not None:
        slow = read_ndjson(body, None)
        assert slow.broken == {}
        check_equal(quick, slow)


def test_ordinary_requests_are_read_quickly() -> None:
    record = {
        "id": "c-1",
        "months": 3,
        "charge": 2.5,
        "plan": "a:b",
        "paperless": True,
        "since": "2024-01-01T01:00:00Z",
    }
    without = {name: value for name, value in record.items() if name not in ("months", "plan")}
    body = json.dumps({"records": [record, without, record | {"charge": None}], "explain": 2}).encode()
    assert READER.read_json(body) is not None
    assert READER.read_json(json.dumps({"columns": {name: [v, v] for name, v in record.items()}}).encode()) is not None
    assert READER.read_lines(f"{json.dumps(record)}\n{json.dumps(without)}\n".encode()) is not None


@pytest.mark.parametrize(
    "line",
    [
        '{"months": 1}{"months": 2}\n{"months":\n3}',
        '{"months": 1} {"months": 2}\n\n',
        '{"months": 1,\n"charge": 2}\n{"months": 1}{"months": 2}',
        '{"months": 1, "months": 2}',
        '{"months": 1},{"months": 2}\n{"plan":"x\n{"}',
    ],
)
def test_lines_that_are_not_one_record_each_are_never_read_quickly(line: str) -> None:
    assert READER.read_lines(line.encode()) is None


def test_a_name_that_comes_twice_is_never_read_quickly_even_beside_escaped_colons() -> None:
    body = rb'{"records": [{"plan": "\u003a", "months": 1, "months": 2}]}'
    assert READER.read_json(body) is None
    with pytest.raises(AppError):
        careful(body)


def test_columns_whose_names_the_decoder_cannot_be_told_have_no_quick_reader() -> None:
    assert quick_reader(replace(ESTIMATOR, target='a"b')) is None
