"""Errors in an NDJSON file of scores have the pointers of the scoring endpoint."""

import json
from io import BytesIO

from ebb.customers import customers
from model.outputs import OUTPUTS, Layout
from model.scoring import score_file
from model.tables.reader import CHUNK_ROWS
from tests.model.fitted import fit, home_table


def test_a_pointer_begins_with_the_row_number_in_the_file() -> None:
    estimator = fit(home_table(), id_column="customer_id").estimator()
    lines = customers(CHUNK_ROWS + 10, seed=1).to_csv().splitlines(keepends=True)
    wrong = (0, 7, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 3)
    at = lines[0].split(",").index("months")
    for row in wrong:
        cells = lines[row + 1].split(",")
        cells[at] = "three"
        lines[row + 1] = ",".join(cells)
    output = OUTPUTS["ndjson"](Layout.of(estimator))
    written = b"".join(output.rows(scored) for scored in score_file(estimator, BytesIO("".join(lines).encode()), "csv"))
    told = [json.loads(line) for line in written.splitlines()]
    pointers = {row: one["error"]["pointer"] for row, one in enumerate(told) if "error" in one}
    assert pointers == {row: f"/{row}/months" for row in wrong}
