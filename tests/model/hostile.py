"""Hostile files of about a megabyte: many names, long names, depth, repetition and compression."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from hypothesis import strategies as st

MEGABYTE = 10**6
SIZES = st.sampled_from([1_000, 30_000, 300_000, MEGABYTE])
LENGTHS = st.sampled_from([1, 5, 200, 250, 300, 30_000, 40_000, MEGABYTE])


def table(names: list[str], cell: str, rows: int) -> bytes:
    line = ",".join([cell] * len(names))
    return "\n".join([",".join(names), *[line] * rows, ""]).encode()


def many_names(size: int, length: int) -> bytes:
    many = max(1, size // (length + 6))
    return table(["churned", *(f"{n:x}".rjust(length, "n") for n in range(many))], "1", 2)


def repeated_names(size: int, length: int) -> bytes:
    return table(["churned", *["n" * length] * max(1, size // (length + 1))], "1", 1)


def wide(size: int, length: int) -> bytes:
    columns = min(9_000, size // (2 * min(length, 300)))
    cell = "1" if length == 1 else "w" * min(length, 300)
    return table(
        ["churned", *(f"c{n}" for n in range(columns))], cell, max(2, size // ((columns + 1) * (len(cell) + 1)))
    )


def narrow(size: int, length: int) -> bytes:
    return b"churned\n" + b"1\n0\n" * (size // 4)


def only_commas(size: int, length: int) -> bytes:
    return b"," * size + b"\n1\n"


def cells_of(piece: str) -> Callable[[int, int], bytes]:
    def make(size: int, length: int) -> bytes:
        cell = piece * max(1, length // len(piece)) + "x"
        rows = max(2, size // (len(cell) + 3))
        return b"churned,a\n" + b"".join(b"%d,%s\n" % (row % 2, cell.encode()) for row in range(rows))

    return make


def all_different(size: int, length: int) -> bytes:
    many = size // (min(length, 300) + 8)
    rows = (f"{n % 2},{n:x}".rjust(min(length, 300), "w") for n in range(many))
    return ("churned,plan\n" + "\n".join(rows) + "\n").encode()


def open_quote(size: int, length: int) -> bytes:
    return b'churned,a\n1,"' + b"x\n" * (size // 2)


CSV = {
    "many names": many_names,
    "repeated names": repeated_names,
    "wide": wide,
    "narrow": narrow,
    "only commas": only_commas,
    "digits": cells_of("1"),
    "quotes": cells_of('""'),
    "exponents": cells_of("1e"),
    "all different": all_different,
    "open quote": open_quote,
}


def objects(lines: list[str]) -> bytes:
    return ("\n".join(['{"churned":1}', '{"churned":0}', *lines]) + "\n").encode()


def names_in_a_line(size: int, length: int) -> bytes:
    many = max(1, size // (length + 12))
    return objects(["{" + ",".join(f'"{n:x}{"n" * length}":1' for n in range(many)) + "}"])


def a_name_twice(size: int, length: int) -> bytes:
    many = min(9_900, max(1, size // (length + 12)))
    return objects(["{" + ",".join(f'"{n:x}{"n" * length}":1' for n in range(many)) + f',"0{"n" * length}":1' + "}"])


def a_name_a_line(size: int, length: int) -> bytes:
    many = size // (min(length, 200) + 12)
    return objects([f'{{"{"n" * min(length, 200)}{n % 9_900:x}":1}}' for n in range(many)])


def some_names_a_line(size: int, length: int) -> bytes:
    lines, some = size // 600, 50
    return objects(
        ['{"churned":0,' + ",".join(f'"{(n * some + k) % 9_900:x}":1' for k in range(some)) + "}" for n in range(lines)]
    )


def deep(size: int, length: int) -> bytes:
    depth = min(length, size // 2)
    return objects(['{"a":' + "[" * depth + "]" * depth + "}"] * max(1, size // (2 * depth + 6)))


def deeper(size: int, length: int) -> bytes:
    return objects(['{"a":' * (size // 6) + "1" + "}" * (size // 6)])


def empty_objects(size: int, length: int) -> bytes:
    return objects(["{}"] * (size // 3))


def lists(size: int, length: int) -> bytes:
    return objects(["[" + "1," * (size // 2) + "1]"])


def values_of(piece: str, quoted: bool = True) -> Callable[[int, int], bytes]:
    def make(size: int, length: int) -> bytes:
        text = piece * max(1, length // len(piece))
        value = f'"{text}x"' if quoted else f"1.{text}"
        return objects([f'{{"churned":0,"a":{value}}}'] * max(1, size // (len(value) + 20)))

    return make


NDJSON = {
    "names in a line": names_in_a_line,
    "a name twice": a_name_twice,
    "a name a line": a_name_a_line,
    "some names a line": some_names_a_line,
    "deep": deep,
    "deeper": deeper,
    "empty objects": empty_objects,
    "lists": lists,
    "digits": values_of("1"),
    "escapes": values_of("\\u0041"),
    "long numbers": values_of("1", quoted=False),
}


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    rows = len(next(iter(columns.values())))
    given = {"churned": np.arange(rows, dtype=np.int8) % 2, **columns}
    how = {"compression": "zstd", "write_statistics": False, "store_schema": False, **options}
    pyarrow.parquet.write_table(pa.table(given), sink, **how)
    return sink.getvalue()


def words(length: int, rows: int, different: int = 1) -> pa.DictionaryArray:
    texts = pa.array([chr(97 + n) * length for n in range(different)])
    return pa.DictionaryArray.from_arrays(pa.array((np.arange(rows) % different).astype(np.int32)), texts)


def one_word(size: int, length: int) -> bytes:
    return parquet({"plan": words(length, size)})


def few_words(size: int, length: int) -> bytes:
    return parquet({"plan": words(min(length, 30_000), size, 20)})


def categories(size: int, length: int) -> bytes:
    return parquet({"plan": words(min(length, 30_000), size)}, store_schema=True)


def many_words(size: int, length: int) -> bytes:
    return parquet({f"c{n}": words(min(length, 300), 20, 20) for n in range(min(2_000, size // 400))})


def spelled_out(size: int, length: int) -> bytes:
    most = max(2, min(size, 60 * MEGABYTE // length))
    return parquet({"plan": pa.array(["w" * length] * most)}, use_dictionary=False)


def prefixes(size: int, length: int) -> bytes:
    most = max(2, min(size, 60 * MEGABYTE // length))
    how = {"plan": "DELTA_BYTE_ARRAY", "churned": "PLAIN"}
    return parquet({"plan": pa.array(["w" * length] * most)}, use_dictionary=False, column_encoding=how)


def columns(size: int, length: int) -> bytes:
    return parquet({f"c{n}": np.arange(2.0) for n in range(size // 150)})


def constants(size: int, length: int) -> bytes:
    return parquet({"a": np.zeros(60 * size)})


def gaps(size: int, length: int) -> bytes:
    return parquet({"a": pa.nulls(60 * size, pa.float64())})


def row_groups(size: int, length: int) -> bytes:
    return parquet({"a": np.arange(size / 400), "plan": words(min(length, 300), -(-size // 400), 2)}, row_group_size=1)


def long_lists(size: int, length: int) -> bytes:
    return parquet({"a": pa.array([[1.0] * (10 * size), [1.0]])})


PARQUET = {
    "one word": one_word,
    "few words": few_words,
    "categories": categories,
    "many words": many_words,
    "spelled out": spelled_out,
    "prefixes": prefixes,
    "columns": columns,
    "constants": constants,
    "gaps": gaps,
    "row groups": row_groups,
    "long lists": long_lists,
}

SHAPES: dict[str, dict[str, Callable[[int, int], bytes]]] = {"csv": CSV, "ndjson": NDJSON, "parquet": PARQUET}
