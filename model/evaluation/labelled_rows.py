"""Rows with known outcomes: reads them from a file, scores them, and evaluates an estimator on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.blas import one_thread
from model.campaign import Economics
from model.columns import Table
from model.columns.cells import Cells, Words
from model.columns.encoder import Raw
from model.columns.schema import listed
from model.columns.target import OUTCOMES, invalid_label, parse_outcome
from model.design import Floats
from model.errors import TableError
from model.estimator import Estimator
from model.evaluation.full_report import LOGISTIC_REGRESSION, OtherModel, evaluate
from model.evaluation.logistic_baseline import held_out_log_odds
from model.evaluation.quality_warnings import quality_warnings
from model.split import Split, stratified_folds
from model.tables.reader import Source, read_chunks

FOLDS = 5  # of logistic regression: each fifth of the rows is predicted by a fit to the others


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Scored rows of a table with their outcomes, and how many rows were left out of them.

    Rows without an outcome are `unlabelled`; rows with a value that cannot be used are `errors`.

    Shapes: y and log_odds (n,).
    """

    y: Floats
    log_odds: Floats
    columns: Table
    rows: int
    unlabelled: int
    errors: int


def read_labelled(estimator: Estimator, source: Source, file_format: str) -> Iterator[LabelledRows]:
    """Read and score a table with outcomes, chunk by chunk.

    Raises: TableError when the file cannot be read, or has no column of the estimator, or no target; ColumnError when
    an outcome is neither yes nor no; EstimatorError when the target is not churn.
    """
    encoder, target = estimator.encoder, estimator.target
    texts = {column.name for column in encoder.columns if column.kind != "numeric"}
    for chunk in read_chunks(source, file_format, texts, None, frozenset((*encoder.names, target))):
        if target not in chunk.columns:
            raise TableError(f"the table has no column {target!r}, which says who churned")
        if chunk.columns.keys() == {target}:
            raise TableError(f"the table has none of the columns that training saw: {listed(encoder.names)}")
        y = outcomes(chunk.columns[target], target, chunk.first_row)
        cells, problems = estimator.read(chunk.columns, chunk.rows)
        unlabelled, wrong = np.isnan(y), np.zeros(chunk.rows, bool)
        wrong[list(problems.rows)] = True
        kept = np.flatnonzero(~unlabelled & ~wrong)
        usable = cells.take(kept)
        left_out = int(unlabelled.sum()), int((wrong & ~unlabelled).sum())
        yield LabelledRows(y[kept], estimator.log_odds(usable), usable, chunk.rows, *left_out)


def outcomes(raw: Raw, name: str, first_row: int) -> Floats:
    """Return 1 for customers who left, 0 for those who stayed, and NaN for a missing outcome.

    Raises: ColumnError for another value.
    """
    values = raw.scalars() if isinstance(raw, Cells) else list(raw)
    texts = ["" if value is None else str(value).strip() for value in values]
    meaning = {text: parse_outcome(text) for text in set(texts)}
    for row, text in enumerate(texts):
        if text and np.isnan(meaning[text]):
            value = values[row]
            raise invalid_label(name, value if isinstance(value, str | float | int) else None, first_row + row)
    return np.array([meaning[text] for text in texts])


def joined(parts: Sequence[LabelledRows]) -> LabelledRows:
    """Return the rows of all chunks, in order."""
    names = parts[0].columns.columns if parts else ()
    columns = {name: _joined_cells([part.columns.columns[name] for part in parts]) for name in names}
    y = np.concatenate([part.y for part in parts])
    return LabelledRows(
        y,
        np.concatenate([part.log_odds for part in parts]),
        Table(columns, len(y)),
        sum(part.rows for part in parts),
        sum(part.unlabelled for part in parts),
        sum(part.errors for part in parts),
    )


def _joined_cells(parts: Sequence[Any]) -> Cells:
    """Return the cells of one column; each chunk has its own list of words."""
    if not isinstance(parts[0], Words):
        return type(parts[0])(np.concatenate([part.values for part in parts]))  # type: ignore[no-any-return]
    places: dict[str, int] = {}
    codes = []
    for part in parts:
        own = np.array([*(places.setdefault(word, len(places)) for word in part.words), Words.MISSING], np.int32)
        codes.append(own[part.codes])
    return Words(np.concatenate(codes), tuple(places))


def evaluate_labelled(labelled: LabelledRows, economics: Economics, seed: int) -> dict[str, Any]:
    """Return the report of labelled rows, with warnings. Logistic regression is fitted on the other rows of the table.

    Raises: TableError when there are no rows, or rows of one outcome only.
    """
    y, columns = labelled.y, labelled.columns
    if len(y) == 0 or y.min() == y.max():
        raise TableError(
            f"of {labelled.rows:,} rows {len(y):,} can be used, and not both outcomes are among them: an evaluation "
            "needs customers who left and customers who stayed"
        )
    others = {}
    with one_thread():
        if min(y.sum(), len(y) - y.sum()) >= FOLDS:
            everything = np.arange(len(y))
            split = Split(everything, everything, stratified_folds(y, OUTCOMES, FOLDS, seed))
            if (baseline := held_out_log_odds(columns, y, split, seed)) is not None:
                others[LOGISTIC_REGRESSION] = OtherModel(baseline.log_odds, {"fitted_rows": baseline.fitted_rows})
        report = evaluate(y, labelled.log_odds, columns, others=others, economics=economics, seed=seed)
    found = quality_warnings(report, y, columns.columns)
    return {"held_out": "dataset", **report, "warnings": [warning.to_json() for warning in found]}
