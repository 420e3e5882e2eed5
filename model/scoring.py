"""Scoring a whole file, a few thousand rows at a time."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from model.columns import Table
from model.columns.cells import Scalar
from model.design import Floats
from model.errors import Problem, TableError
from model.estimator import Estimator
from model.heads import CHURN, Head
from model.tables.reading import Source, read_batches

RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, eq=False)
class Scored:
    """Some rows of a file with what was predicted; `faults` tells which rows could not be scored and why.

    Shapes: probabilities as of `Estimator.predict`, which of a number are the predicted numbers.
    """

    ids: Sequence[Scalar]
    cells: Table
    probabilities: Floats
    faults: Mapping[int, Sequence[Problem]]


def score_file(estimator: Estimator, source: Source, file_format: str) -> Iterator[Scored]:
    """Score a file; rows without an id column are named by their number, from 1.

    Raises:
        TableError: the file cannot be read, or has none of the estimator's columns.
    """
    encoder = estimator.encoder
    texts = {column.name for column in encoder.columns if column.kind != "numeric"}
    if estimator.id_column is not None:
        texts.add(estimator.id_column)
    for batch in read_batches(source, file_format, texts):
        present = {name: batch.columns[name] for name in encoder.names if name in batch.columns}
        if not present:
            raise TableError(f"the table has none of the columns that training saw: {', '.join(encoder.names)}")
        cells, faults = estimator.read(present, batch.rows)
        ids: Sequence[Scalar] = range(batch.first_row, batch.first_row + batch.rows)
        if estimator.id_column is not None and estimator.id_column in batch.columns:
            ids = batch.scalars(estimator.id_column)
        yield Scored(ids, cells, estimator.predict(cells), faults.rows)


def write_scores(batches: Iterator[Scored], id_name: str, out: TextIO, head: Head = CHURN) -> tuple[int, int]:
    """Write ids, predictions and errors as CSV; return how many rows there were, and how many could not be scored."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([id_name, *map(safe, head.columns()), "error"])
    rows = failed = 0
    for batch in batches:
        cells = head.answers(batch.probabilities)
        told = [""] * len(batch.ids)
        for row, problems in batch.faults.items():
            told[row] = str(safe(problems[0].detail))
            for answers in cells:
                answers[row] = ""
        texts = [list(map(safe, answers)) for answers in cells]
        writer.writerows(zip(map(safe, batch.ids), *texts, told, strict=True))
        rows += len(batch.ids)
        failed += len(batch.faults)
    return rows, failed


def safe(value: Scalar) -> Scalar:
    """The value as a spreadsheet may see it: text that it would run gets a leading apostrophe.

    Source: OWASP, CSV injection

    Example:
        >>> safe("=1+1"), safe(-1)
        ("'=1+1", -1)
    """
    return "'" + value if isinstance(value, str) and value.startswith(RUN_BY_SPREADSHEETS) else value
