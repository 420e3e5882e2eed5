"""Scores a whole file, chunk by chunk."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.columns import Table
from model.columns.cells import Scalar
from model.columns.schema import listed
from model.columns.table_warnings import TableWarning
from model.design import Floats
from model.errors import Problem, TableError
from model.estimator import Direction, Estimator, Explained
from model.ids import invalid_ids
from model.tables.file_reading import FileReading
from model.tables.opening import How, Source, recognise
from model.tables.reader import TableChunk, read_chunks

RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The first characters of formulas; those of full width begin one in spreadsheets in Chinese and Japanese."""


@dataclass(frozen=True, eq=False)
class ScoredChunk:
    """Rows of a file with their predictions. `problems` are those of the rows that could not be scored, by row.

    `ignored` names the columns of the file that training never saw.

    Shapes: probabilities as in `Estimator.predict`; for a number they are the predicted numbers.
    """

    ids: Sequence[Scalar]
    cells: Table
    probabilities: Floats
    problems: Mapping[int, Sequence[Problem]]
    explained: Explained | None = None
    whole_ids: bool = False
    ignored: Sequence[str] = ()
    numbered: bool = False
    """Whether the ids are the numbers of the rows, because the table has no id column."""


def score_file(
    estimator: Estimator, source: Source, how: How, explain: int = 0, direction: Direction | None = None
) -> Iterator[ScoredChunk]:
    """Score a file. Without an id column, the id of a row is its number, from 1.

    Where another reading of the file is possible, it is read as the table of the training was.

    Raises: TableError when the file cannot be read, or has no column of the estimator; EstimatorError when the
    estimator cannot give the requested reasons.
    """
    encoder = estimator.encoder
    reading, _ = usual_reading(estimator, source, how)
    for chunk in read_chunks(source, reading, encoder.texts, estimator.id_column, frozenset(encoder.names)):
        yield score_chunk(estimator, chunk, explain, direction)


def score_chunk(
    estimator: Estimator, chunk: TableChunk, explain: int = 0, direction: Direction | None = None
) -> ScoredChunk:
    """Score the rows of a chunk, which may have other columns than the estimator's, too.

    Raises: as `score_file` does.
    """
    check_columns(estimator.encoder.names, chunk.columns)
    cells, problems = estimator.read(chunk.columns, chunk.rows)
    ids: Sequence[Scalar] = range(chunk.first_row, chunk.first_row + chunk.rows)
    whole, id_problems = True, {}
    if chunk.ids is not None:
        ids, whole = chunk.ids, chunk.whole_ids
        if id_problems := invalid_ids(ids, estimator.id_column or ""):
            ids = [None if row in id_problems else one for row, one in enumerate(ids)]
    return ScoredChunk(
        ids=ids,
        cells=cells,
        probabilities=estimator.predict(cells),
        problems={row: [problem] for row, problem in id_problems.items()} | problems.rows,
        explained=estimator.explain(cells, top=explain, direction=direction) if explain else None,
        whole_ids=whole,
        ignored=estimator.unknown(chunk.names),
        numbered=chunk.ids is None,
    )


def usual_reading(estimator: Estimator, source: Source, how: How) -> tuple[FileReading, tuple[TableWarning, ...]]:
    """Return how a file is read to be scored, and warnings where another reading is possible.

    Raises: TableError when the file cannot be read.
    """
    found, warnings = recognise(source, how)
    usual = found.as_usual(estimator.read_as)
    if usual == found:
        return usual, warnings
    detail = f"the file is read like the table of the training: {', '.join(usual.unusual.values())}"
    return usual, (TableWarning("read_as_in_training", None, detail),)


def check_columns(trained: Sequence[str], names: Collection[str]) -> None:
    """Refuse a table that lacks most columns of the training: two thirds of them or more.

    Raises: TableError.
    """
    lacking = [name for name in trained if name not in names]
    if len(lacking) == len(trained):
        raise TableError(f"the table has none of the columns that training saw: {listed(trained)}")
    if len(lacking) * 3 >= len(trained) * 2:
        raise TableError(
            f"the table lacks {len(lacking)} of the {len(trained)} columns that training saw: {listed(lacking)}. "
            "Choose the model that was trained on such tables, or name the columns as in training"
        )


def padded(values: Iterable[Scalar], count: int) -> list[Scalar]:
    """Return the values, followed by empty texts up to this number.

    Example:
        >>> padded(["contract", 0.5], 4)
        ['contract', 0.5, '', '']
    """
    given = list(values)
    return given + [""] * (count - len(given))


def safe(value: Scalar) -> Scalar:
    """Return a value that is safe in a spreadsheet: text that it would run gets a leading apostrophe.

    Source: OWASP, CSV injection

    Example:
        >>> safe("=1+1"), safe(-1)
        ("'=1+1", -1)
    """
    return "'" + value if isinstance(value, str) and value.startswith(RUN_BY_SPREADSHEETS) else value
