"""Records straight into the columns that an estimator knows: the fast way, taken only where it cannot go wrong.

A decoder made for the estimator's columns refuses whatever the careful way might have something to say about: other
names, other types, numbers beyond float64. What it cannot see are names that come twice, of which it keeps the last.
But each name is followed by a colon: as many colons in the bytes as names and colons in what was kept, and nothing was
lost. Wherever that is not so, the careful way reads the request again and says what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from app.edge.strict_json import parse_json
from app.errors import AppError
from app.scoring.customers import CUSTOMER_ID, MOST_RECORDS, Customers
from app.scoring.options import NONE, Options, of_body
from app.shapes.scores import Economics, Explain
from model.columns.cells import Numbers
from model.columns.encoder import Raw
from model.estimator import Estimator

TYPES: dict[str, Any] = {
    "numeric": float | None,
    "boolean": bool | None,
    "categorical": str | None,
    "date": str | None,
    "id": str | int | None,
    "ignored": str | float | bool | None,
}
LISTS: dict[str, Any] = {kind: list[cell] for kind, cell in TYPES.items()}  # type: ignore[valid-type]  # made here
TEXTS = ("categorical", "date", "id", "ignored")
NOT_READ = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AppError)
Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Column:
    """A column and how to take it, out of a record or of the columns."""

    name: str
    kind: str
    take: Callable[[Any], Any]


class QuickReader:
    """Reads requests for estimators of the same columns. None is "look closer", not "refuse"."""

    def __init__(self, columns: Columns) -> None:
        self._columns = [_Column(name, kind, attrgetter(f"c{i}")) for i, (name, kind) in enumerate(columns)]
        record = _struct("Record", columns, TYPES)
        table = _struct("Columns", columns, LISTS)
        request = msgspec.defstruct(
            "Request",
            [
                ("records", list[record] | UnsetType, UNSET),  # type: ignore[valid-type]  # made here
                ("columns", table | UnsetType, UNSET),
                ("explain", Explain | UnsetType, UNSET),
                ("economics", msgspec.Raw | UnsetType, UNSET),
            ],
            forbid_unknown_fields=True,
        )
        self._json = msgspec.json.Decoder(request)
        self._line = msgspec.json.Decoder(record)

    def read_json(self, body: bytes) -> tuple[Customers, Options] | None:
        """Read a request in JSON."""
        try:
            asked: Any = self._json.decode(body)
            options, colons = _options(asked.explain, asked.economics)
        except NOT_READ:
            return None
        if (asked.records is UNSET) == (asked.columns is UNSET):
            return None
        if asked.columns is UNSET:
            customers = self._of_records(asked.records, body, colons + 1, "/records")
        else:
            customers = self._of_columns(asked.columns, body, colons + 1)
        return None if customers is None else (customers, options)

    def read_lines(self, body: bytes) -> Customers | None:
        """Read NDJSON.

        No text holds a line break and no record a record, so that every line which starts with a brace starts a record:
        as many records as such lines, and no other lines, and each line was one.
        """
        body = body.rstrip()
        lines = body.count(b"\n") + 1
        if lines > MOST_RECORDS or not body.startswith(b"{") or body.count(b"\n{") + 1 != lines:
            return None
        try:
            records = self._line.decode_lines(body)
        except NOT_READ:
            return None
        return self._of_records(records, body, 0, "") if len(records) == lines else None

    def _of_records(self, records: list[Any], body: bytes, colons: int, at: str) -> Customers | None:
        kept: dict[str, Raw] = {}
        texts: list[list[Any]] = []
        for column in self._columns:
            values = list(map(column.take, records))
            gaps = values.count(UNSET)
            if gaps:
                values = [None if value is UNSET else value for value in values]
            colons += len(records) - gaps
            if column.kind in TEXTS:
                texts.append(values)
            if column.kind != "ignored":
                kept[column.name] = _raw(column.kind, values)
        if not 0 < len(records) <= MOST_RECORDS or not _nothing_lost(body, colons, texts):
            return None
        return Customers.of_rows(kept, len(records), at)

    def _of_columns(self, table: Any, body: bytes, colons: int) -> Customers | None:
        came = [(column, values) for column in self._columns if (values := column.take(table)) is not UNSET]
        lengths = {len(values) for _, values in came}
        texts = [values for column, values in came if column.kind in TEXTS]
        if len(lengths) != 1 or not _nothing_lost(body, colons + len(came), texts):
            return None
        n = lengths.pop()
        kept = {column.name: _raw(column.kind, values) for column, values in came if column.kind != "ignored"}
        return Customers.of_columns(kept, n) if 0 < n <= MOST_RECORDS else None


def _struct(name: str, columns: Columns, types: dict[str, Any]) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        name,
        [(f"c{i}", types[kind] | UnsetType, UNSET) for i, (_, kind) in enumerate(columns)],
        rename={f"c{i}": name for i, (name, _) in enumerate(columns)},
        forbid_unknown_fields=True,
        gc=False,
    )


def _raw(kind: str, values: list[Any]) -> Raw:
    """Numbers as an array, in which None has become NaN; the rest as they came."""
    return Numbers.of(values) if kind == "numeric" else values


def _options(explain: int | UnsetType, economics: msgspec.Raw | UnsetType) -> tuple[Options, int]:
    """Return the options, and how many colons came with them."""
    if explain is UNSET and economics is UNSET:
        return NONE, 0
    raw = b"" if economics is UNSET else bytes(economics)
    told = msgspec.convert(parse_json(raw), Economics | None) if raw else None
    return of_body(explain or 0, told), (explain is not UNSET) + (raw != b"") + raw.count(b":")


def _nothing_lost(body: bytes, colons: int, texts: list[list[Any]]) -> bool:
    came = body.count(b":")
    if came == colons:
        return True
    inside = sum(text.count(":") for values in texts for text in values if type(text) is str)
    return came == colons + inside and b"\\" not in body  # an escape may spell a colon without one


def quick_reader(estimator: Estimator) -> QuickReader | None:
    """Return the reader for an estimator's columns; None where the decoder could not be told a name."""
    kinds = dict.fromkeys((*estimator.left_out, estimator.target), "ignored")
    kinds |= {column.name: column.kind for column in estimator.encoder.columns}
    kinds[estimator.id_column or CUSTOMER_ID] = "id"
    odd = any(set(name) & set('":\\') or not name.isprintable() for name in kinds)
    return None if odd else _reader(tuple(kinds.items()))


@lru_cache(maxsize=256)
def _reader(columns: Columns) -> QuickReader:
    """Versions of one model mostly have the same columns, and then share a reader."""
    return QuickReader(columns)
