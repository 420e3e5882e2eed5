"""Rows with known outcomes: reads them from a file, scores them, and evaluates an estimator on them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from model.blas import one_thread
from model.campaign import Economics
from model.columns import Table
from model.columns.cells import Cells, Words
from model.columns.schema import listed
from model.columns.target import OUTCOMES, invalid_label, parse_outcome
from model.design import Floats
from model.errors import ColumnError, TableError
from model.evaluation.full_report import CHAMPION, LOGISTIC_REGRESSION, OtherModel, evaluate
from model.evaluation.logistic_baseline import held_out_log_odds
from model.evaluation.quality_warnings import quality_warnings
from model.split import Split, stratified_folds
from model.tables.opening import How, Source
from model.tables.reader import CHUNK_ROWS
from model.unseen import Contender, read_rows

FOLDS = 5  # of logistic regression: each fifth of the rows is predicted by a fit to the others


class Counts(NamedTuple):
    """How many rows a table has, and how many of them were left out, by the first reason that applies."""

    rows: int
    unlabelled: int  # without an outcome
    errors: int  # with a value that cannot be used
    seen: int  # by the version, in its training


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Scored rows of a table with their outcomes.

    Shapes: y and log_odds (n,); champion (n,), the champion's log-odds, NaN for rows that it has seen or cannot score;
    None without another champion.
    """

    y: Floats
    log_odds: Floats
    columns: Table
    counts: Counts
    champion: Floats | None


def read_labelled(version: Contender, champion: Contender | None, source: Source, how: How) -> Iterator[LabelledRows]:
    """Read and score a table with outcomes, chunk by chunk. `champion` is None where it is the version itself.

    Raises: TableError when the file cannot be read, or has no column of the estimator, or no target; ColumnError when
    an outcome is neither yes nor no, or a column lacks by which seen rows are found; EstimatorError when the target is
    not churn.
    """
    encoder, target = version.estimator.encoder, version.estimator.target
    first_row = 1
    for table in read_rows(source, how, *filter(None, (version, champion)), rows=CHUNK_ROWS):
        if target not in table.columns:
            raise TableError(f"the table has no column {target!r}, which says who churned")
        if not table.columns.keys() & set(encoder.names):
            raise TableError(f"the table has none of the columns that training saw: {listed(encoder.names)}")
        yield _scored(version, champion, table, outcomes(table.columns[target], target, first_row))
        first_row += table.rows


def _scored(version: Contender, champion: Contender | None, table: Table, y: Floats) -> LabelledRows:
    cells, problems = version.estimator.read(table.columns, table.rows)
    unlabelled, wrong = np.isnan(y), np.zeros(table.rows, bool)
    wrong[list(problems.rows)] = True
    wrong &= ~unlabelled
    seen = version.seen.find(table) & ~unlabelled & ~wrong
    kept = np.flatnonzero(~(unlabelled | wrong | seen))
    usable = cells.take(kept)
    return LabelledRows(
        y[kept],
        version.estimator.log_odds(usable),
        usable,
        Counts(table.rows, int(unlabelled.sum()), int(wrong.sum()), int(seen.sum())),
        None if champion is None else _by_champion(champion, table.take(kept)),
    )


def _by_champion(champion: Contender, table: Table) -> Floats:
    cells, problems = champion.estimator.read(table.columns, table.rows)
    found = champion.estimator.log_odds(cells)
    found[list(problems.rows)] = np.nan
    try:
        found[champion.seen.find(table)] = np.nan
    except ColumnError:  # the table lacks the columns by which its rows are found
        found[:] = np.nan
    return found


def outcomes(cells: Cells, name: str, first_row: int) -> Floats:
    """Return 1 for customers who left, 0 for those who stayed, and NaN for a missing outcome.

    Raises: ColumnError for another value.
    """
    values = cells.scalars()
    texts = ["" if value is None else str(value).strip() for value in values]
    meaning = {text: parse_outcome(text) for text in set(texts)}
    for row, text in enumerate(texts):
        if text and np.isnan(meaning[text]):
            raise invalid_label(name, values[row], first_row + row)
    return np.array([meaning[text] for text in texts])


def joined(parts: Sequence[LabelledRows]) -> LabelledRows:
    """Return the rows of all chunks, in order."""
    names = parts[0].columns.columns if parts else ()
    columns = {name: _joined_cells([part.columns.columns[name] for part in parts]) for name in names}
    y = np.concatenate([part.y for part in parts])
    champion = [part.champion for part in parts if part.champion is not None]
    return LabelledRows(
        y,
        np.concatenate([part.log_odds for part in parts]),
        Table(columns, len(y)),
        Counts(*(sum(column) for column in zip(*(part.counts for part in parts), strict=True))),
        np.concatenate(champion) if champion else None,
    )


def _joined_cells(parts: Sequence[Any]) -> Cells:
    """Return the cells of one column; each chunk has its own list of words."""
    if not isinstance(parts[0], Words):
        return type(parts[0])(np.concatenate([part.values for part in parts]))  # type: ignore[no-any-return]  # of one kind
    places: dict[str, int] = {}
    codes = []
    for part in parts:
        own = np.array([*(places.setdefault(word, len(places)) for word in part.words), Words.MISSING], np.int32)
        codes.append(own[part.codes])
    return Words(np.concatenate(codes), tuple(places))


def evaluate_labelled(
    labelled: LabelledRows, economics: Economics, seed: int, champion: int | None = None
) -> dict[str, Any]:
    """Return the report of labelled rows, with warnings. Logistic regression is fitted on the other rows of the table.

    `champion` is the version of the champion that also scored the rows.

    Raises: TableError when there are no rows, or rows of one outcome only.
    """
    y, columns, counts = labelled.y, labelled.columns, labelled.counts
    if len(y) == 0 or y.min() == y.max():
        raise TableError(
            f"of {counts.rows:,} rows {len(y):,} can be used, and not both outcomes are among them "
            f"({counts.seen:,} were seen in training, {counts.unlabelled:,} have no outcome, {counts.errors:,} "
            "have a value that cannot be used): evaluate on customers of both outcomes who were not in the training"
        )
    others = {}
    with one_thread():
        if min(y.sum(), len(y) - y.sum()) >= FOLDS:
            everything = np.arange(len(y))
            split = Split(everything, everything, stratified_folds(y, OUTCOMES, FOLDS, seed))
            if (baseline := held_out_log_odds(columns, y, split, seed)) is not None:
                others[LOGISTIC_REGRESSION] = OtherModel(baseline.log_odds, {"fitted_rows": baseline.fitted_rows})
        if labelled.champion is not None:
            new = np.flatnonzero(~np.isnan(labelled.champion))
            others[CHAMPION] = OtherModel(labelled.champion, {"version": champion}, new)
        report = evaluate(y, labelled.log_odds, columns, others=others, economics=economics, seed=seed)
    found = quality_warnings(report, y, columns.columns)
    return {"held_out": "dataset", **report, "warnings": [warning.to_json() for warning in found]}
