"""Only unambiguous JSON is accepted, and errors have a pointer."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MalformedError, TooLargeError
from app.parsing.strict_json import DEEPEST, no_name_twice, parse_json
from model.limits import JSON_CONTAINERS

BAD = {
    b'{"a": 1, "a": 2}': ("duplicate", "/a"),
    b'{"r": [{"x": 1}, {"x": 1, "y": {"z": 1, "z": 1}}]}': ("duplicate", "/r/1/y/z"),
    b'{"a:b": 1, "a:b": 2}': ("duplicate", "/a:b"),
    b'{"a": ":", "b": 1, "b": 2}': ("duplicate", "/b"),
    b'{"a": 1, "\\u0061": 2}': ("duplicate", "/a"),
    b'{"a": NaN}': ("not_finite", "/a"),
    b"[1, -Infinity]": ("not_finite", "/1"),
    b'{"a": {"b": 1e999}}': ("not_finite", "/a/b"),
    b'{"a": "\\ud800"}': ("surrogate", "/a"),
    b'{"a": ["\\udc00 and more"]}': ("surrogate", "/a/0"),
    b'{"\\ud800": 1}': ("surrogate", ""),
    b'{"a": "\xff"}': ("encoding", ""),
    b'{"a": "\xed\xa0\x80"}': ("encoding", ""),
    b"": ("malformed", ""),
    b'{"a": 1': ("malformed", ""),
    b'{"a": 1} 2': ("malformed", ""),
    b"\xef\xbb\xbf{}": ("malformed", ""),
    b'{"a": "\x01"}': ("malformed", ""),
    b"{'a': 1}": ("malformed", ""),
    b'{"a": 01}': ("malformed", ""),
    b"[" * 9 + b"]" * 9: ("depth", "/0/0/0/0/0/0/0/0"),
    b'{"a":' * 9 + b"1" + b"}" * 9: ("depth", "/a" * 8),
    b"[" * 100_000: ("depth", ""),
    b"[" + b"9" * 5000 + b"]": ("not_finite", ""),
}


@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:30].decode("latin-1"))
def test_invalid_json_is_refused_with_code_and_pointer(body: bytes) -> None:
    with pytest.raises(MalformedError) as refused:
        parse_json(body)
    first = refused.value.problems[0]
    assert (first.code, first.pointer) == BAD[body]


@pytest.mark.parametrize("body", [b'{"a": "\x01"}', b'{"a": 1', b'["'], ids=["control", "object", "text"])
def test_the_place_of_a_truncated_text_is_reported(body: bytes) -> None:
    with pytest.raises(MalformedError, match=r"[a-z] at line 1, column \d+$") as refused:
        parse_json(body)
    assert "at at" not in str(refused.value)


@pytest.mark.parametrize("piece", [b"{}", b"[[[[[[[[[]]]]]]]]]", b'{"a":1,"a":1}'], ids=["empty", "deep", "repeated"])
def test_a_document_of_too_many_objects_and_lists_is_refused_before_memory_is_taken_for_them(piece: bytes) -> None:
    body = b"[" + b",".join([piece] * JSON_CONTAINERS) + b"]"
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError, match="objects and lists, more than 100,000"):
            parse_json(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(body)


def test_brackets_in_texts_are_no_objects_or_lists() -> None:
    body = json.dumps({"a": '[{"' * JSON_CONTAINERS}).encode()
    assert parse_json(body) == json.loads(body)


def test_all_problems_of_a_document_are_reported_at_once() -> None:
    with pytest.raises(MalformedError) as refused:
        parse_json(b'{"a": NaN, "b": [Infinity], "b": 1}')
    assert [problem.pointer for problem in refused.value.problems] == ["/a", "/b/0", "/b"]


def test_the_deepest_allowed_is_read() -> None:
    assert parse_json(b"[" * DEEPEST + b"]" * DEEPEST) is not None


def test_colons_and_quotes_inside_texts_are_no_names() -> None:
    body = rb'{"when": "2026-01-02T03:04:05Z", "q\":": "\":"}'
    assert parse_json(body) == {"when": "2026-01-02T03:04:05Z", 'q":': '":'}


def test_a_surrogate_pair_is_one_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


leaf = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
document = st.recursive(leaf | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)


@given(document)
def test_valid_json_is_read_unchanged(value: object) -> None:
    body = json.dumps(value).encode()
    try:
        assert parse_json(body) == value
    except MalformedError as refused:
        assert {problem.code for problem in refused.problems} == {"depth"}  # noqa: PT017 - a deep document alone may be refused
        assert max(problem.pointer.count("/") for problem in refused.problems) >= DEEPEST  # noqa: PT017 - a deep document alone may be refused


TEXTS = 300_000


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (b'{"a":"' + b"\\n" * TEXTS + b':"}', 1),
        (b'{"a":[' + b'"ab",' * TEXTS + b'":"]}', 1),
        (b'{"a":[' + b'":",' * TEXTS + b'"b"]}', 1),
        (b'{"a":"' + b"\\\\" * TEXTS + b':\\""}', 1),
        (b'{"a":"' + b":" * TEXTS + b'"}', 1),
    ],
)
def test_texts_with_escapes_and_colons_take_no_memory_of_their_own(body: bytes, members: int) -> None:
    tracemalloc.start()
    try:
        assert no_name_twice(body, members)
        assert not no_name_twice(body, members - 1)
        assert tracemalloc.get_traced_memory()[1] <= 3 * len(body) + 100_000
    finally:
        tracemalloc.stop()
