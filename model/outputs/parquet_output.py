"""Scored customers as Parquet."""

import io
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from model.estimator import Reason
from model.outputs.output import Layout, Output
from model.scoring import ScoredChunk

GROUP_ROWS = 1 << 17
REASONS = pa.list_(
    pa.struct([("column", pa.string()), ("value", pa.string()), ("contribution", pa.float64()), ("text", pa.string())]),
)


class Sink(io.RawIOBase):
    """Buffers written bytes until they are taken, and counts all of them: the footer of Parquet needs positions."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: Any) -> int:
        """Buffer bytes."""
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        """Return the number of bytes written so far."""
        return self._size

    def taken(self) -> bytes:
        """Return the bytes written since the last call, and drop them."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class ParquetOutput(Output):
    """Writes Parquet. Ids are texts, or integers if the table was Parquet with integers.

    The value of a reason is JSON text, because its type depends on the column. Rows wait until a row group is full.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._sink = Sink()
        self._writer: Any = None

    def rows(self, scored: ScoredChunk) -> bytes:
        """Return the bytes of full row groups."""
        batch = self._batch(scored)
        if self._writer is None:
            self._writer = pa.parquet.ParquetWriter(self._sink, batch.schema, compression="snappy")
        self._writer.write_batch(batch, row_group_size=GROUP_ROWS)
        return self._sink.taken()

    def end(self) -> bytes:
        """Return the remaining bytes and the footer."""
        if self._writer is None:
            return b""
        self._writer.close()
        return self._sink.taken()

    def _batch(self, scored: ScoredChunk) -> Any:
        head, problems = self.layout.head, scored.problems
        whole = scored.whole_ids
        ids = scored.ids if whole else [None if one is None else str(one) for one in scored.ids]
        columns = {self.layout.name_of_ids(scored): pa.array(ids, pa.int64() if whole else pa.string())}
        for name, values in zip(head.columns(), head.answers(scored.probabilities), strict=True):
            arrow_type = pa.string() if isinstance(values[0], str) else pa.float64()
            given = [None if row in problems else value for row, value in enumerate(values)]
            columns[name] = pa.array(given, arrow_type)
        errors = [problems[row][0].detail if row in problems else None for row in range(len(ids))]
        columns["error"] = pa.array(errors, pa.string())
        if scored.explained is not None:
            every, gaps = scored.explained
            listed = [None if row in problems else _reasons(reasons) for row, reasons in enumerate(every)]
            columns["reasons"] = pa.array(listed, REASONS)
            columns["gap"] = pa.array([None if row in problems else gap for row, gap in enumerate(gaps)], pa.float64())
        return pa.RecordBatch.from_pydict(columns)


def _reasons(reasons: Sequence[Reason]) -> list[dict[str, object]]:
    return [{**reason.to_json(), "value": json.dumps(reason.value, ensure_ascii=False)} for reason in reasons]
