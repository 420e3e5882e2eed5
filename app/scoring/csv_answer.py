"""Scores as CSV: a line for each customer, with its score or its error.

Source: RFC 4180; texts that a spreadsheet would run get an apostrophe (OWASP, CSV injection).
"""

import csv
from io import StringIO

from app.scoring.score_customers import ScoreResults
from model.columns.cells import Scalar
from model.estimator import Reason
from model.scoring import padded, safe


def write_csv(results: ScoreResults) -> bytes:
    """Write a line with the names of the columns, then a line for each customer.

    Each reason has four columns, the gap has one, a decision has two. There are as many reasons as the customer with
    the most has.
    """
    columns: list[list[Scalar]] = [list(map(safe, results.ids)), list(results.probabilities)]
    names = ["customer_id", "churn_probability"]
    if results.explained is not None:
        every, gaps = results.explained
        most = max(map(len, every))
        for place in range(1, most + 1):
            names += [f"reason_{place}_{part}" for part in Reason._fields]
        cells = most * len(Reason._fields)
        reasons = [padded((safe(value) for reason in each for value in reason), cells) for each in every]
        names.append("gap")
        columns += [*map(list, zip(*reasons, strict=True)), list(gaps)]
    if results.plan is not None:
        names += ["contact", "expected_profit"]
        columns += [[str(yes).lower() for yes in results.plan.contact], list(results.plan.profits)]
    errors: list[Scalar] = [""] * len(results.ids)
    for row, problem in results.problems.items():
        errors[row] = safe(problem.detail)
        for column in columns[1:]:
            column[row] = ""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*names, "error"])
    writer.writerows(zip(*columns, errors, strict=True))
    return out.getvalue().encode()
