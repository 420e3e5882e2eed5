"""Scores as CSV: a line for each customer, with its score or its error.

Source: RFC 4180; texts that a spreadsheet would run get an apostrophe (OWASP, CSV injection).
"""

import csv
from io import StringIO

from app.scoring.customers import CUSTOMER_ID
from app.scoring.score_customers import ScoreResults
from model.columns.cells import Scalar
from model.estimator import Reason
from model.scoring import padded, safe


def write_csv(results: ScoreResults) -> bytes:
    """Write a line with the names of the columns, then a line for each customer.

    The first column has the ids under the dataset's name; if that is another than `customer_id`, a last column of that
    name repeats them, for clients that read columns by name.

    Each reason has four columns, the gap has one, a decision has two. There are as many reasons as the customer with
    the most has.
    """
    columns: list[list[Scalar]] = [list(map(safe, results.ids)), list(results.probabilities)]
    names = [str(safe(results.id_name)), "churn_probability"]
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
    names.append("error")
    columns.append(errors)
    if results.id_name != CUSTOMER_ID:
        names.append(CUSTOMER_ID)
        columns.append(columns[0])
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode()
