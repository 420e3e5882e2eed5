"""The summary of a scored file counts all chunks."""

import csv
import io
import json

from ebb.customers import customers
from model.outputs import OUTPUTS, Layout
from model.outputs.writing import ScoringSummary, write_scores
from model.scoring import score_file
from model.tables.reader import CHUNK_ROWS
from tests.model.fitted import fit, home_table


def scored(lines: list[str]) -> ScoringSummary:
    estimator = fit(home_table(), id_column="customer_id").estimator()
    batches = score_file(estimator, io.BytesIO("".join(lines).encode()), "ndjson")
    return write_scores(estimator, batches, OUTPUTS["csv"](Layout.of(estimator)), io.BytesIO())


def test_the_summary_has_a_column_of_the_first_records_only() -> None:
    rows = csv.DictReader(io.StringIO(customers(CHUNK_ROWS + 5, seed=1).to_csv()))
    lines = []
    for number, row in enumerate(rows):
        texts = ("customer_id", "churned")
        record = {name: text if name in texts else float(text) for name, text in row.items()}
        if number < 3:
            record["monts"] = record.pop("months")
        lines.append(json.dumps(record) + "\n")
    summary = scored(lines)
    assert (summary.rows, summary.errors, summary.ignored) == (CHUNK_ROWS + 5, 0, ("monts",))
    assert summary.imputed == {"months": 3}
    assert summary.warnings() == ["column 'monts' was ignored: training saw no column of that name"]
    assert ScoringSummary.from_json(json.loads(json.dumps(summary.to_json()))) == summary
