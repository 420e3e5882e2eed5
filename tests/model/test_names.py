"""Names have no characters that control a terminal or reorder text, in every reader."""

import json
import unicodedata
from collections.abc import Callable
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.errors import TableError
from model.ids import invalid_ids
from model.names import escaped, refused_character
from model.tables.reader import read_cells, read_chunks, read_table

FILLERS = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0}
SELECTORS = {*range(0x180B, 0x180E), 0x180F, *range(0xFE00, 0xFE10)}
INVISIBLE = {0x200C, 0x200D, *FILLERS, *SELECTORS, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}
LATER = range(0x13439, 0x13440)  # format characters since Unicode 15, which not every Python knows
ORDINARY = ["Kündigung", "naïve façade", "שם הלקוח", "اسم العميل", "می‌خواهم", "👩‍👩‍👧", "a b", "東京", "e\u0301"]
REFUSED = [
    "a\nb",
    "a\x1b[2J",
    "a\x00",
    "a\x7f",
    "a\x9b",
    "ana\u202elyst",
    "\u2066a\u2069",
    "a\u200e",
    "a\u2028",
    "a\u061c",
    "\ufeffa",
    "a\u200bb",
    "a\u00adb",
    "a\U000e0041",
    "a\udcffb",
]


def test_refused_characters_are_unicode_controls_separators_and_format_characters() -> None:
    for number in range(0x110000):
        character = chr(number)
        refused = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or number in LATER
        in_label, in_data = refused or number in INVISIBLE, refused and number not in (0x200C, 0x200D)
        assert (refused_character(f"a{character}b", label=True) is not None) == in_label, hex(number)
        assert (refused_character(f"a{character}b") is not None) == in_data, hex(number)


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names_of_all_languages_are_accepted(name: str) -> None:
    assert refused_character(name) is None
    assert escaped(name) == name
    assert invalid_ids([name, 1], "customer_id") == {}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_name_is_no_id_and_is_shown_escaped(name: str) -> None:
    assert f"holds {refused_character(name)}" in invalid_ids(["a", name], "customer_id")[1].detail
    assert escaped(name).isprintable()


Write = Callable[[str], bytes]


def csv(name: str) -> bytes:
    quoted = '"' + name + '"'
    return f"months,{quoted}\n1,2\n".encode()


def ndjson(name: str) -> bytes:
    return f'{{"months": 1}}\n{json.dumps({"months": 1, name: 2})}\n'.encode()


def parquet(name: str) -> bytes:
    stream = BytesIO()
    pq.write_table(pa.table({"months": [1], name: [2]}), stream)
    return stream.getvalue()


WRITERS: dict[str, Write] = {"csv": csv, "ndjson": ndjson, "parquet": parquet}


@pytest.mark.parametrize(("kind", "write"), WRITERS.items())
@pytest.mark.parametrize("name", ["a\x1b[2J", "ana\u202elyst", "a\u200e", "a\x9b"])
def test_every_table_reader_refuses_such_a_column_name(kind: str, write: Write, name: str) -> None:
    data = write(name)
    for read in (
        lambda: read_table(BytesIO(data), kind),
        lambda: list(read_chunks(BytesIO(data), kind, ())),
        lambda: list(read_cells(BytesIO(data), kind, ())),
    ):
        with pytest.raises(TableError, match=rf"holds {refused_character(name)}".replace("+", r"\+")) as refused:
            read()
        assert str(refused.value).isprintable()


@pytest.mark.parametrize(("kind", "write"), WRITERS.items())
def test_columns_with_ordinary_names_are_read(kind: str, write: Write) -> None:
    for name in (*ORDINARY, "wrapped\ntitle"):
        table = read_table(BytesIO(write(name)), kind)
        assert name in table.columns
