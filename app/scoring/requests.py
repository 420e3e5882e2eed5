"""A scoring request in any of its formats: the customers, and what else is asked."""

from app.edge.inputs import typed
from app.edge.strict_json import parse_json
from app.scoring.csv_rows import read_csv
from app.scoring.customers import CUSTOMER_ID, Customers, read_customers
from app.scoring.estimators import Ready
from app.scoring.ndjson import read_ndjson
from app.scoring.options import NONE, Options, of_body
from app.shapes.scores import ScoreRequest

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
FORMATS = (JSON, NDJSON, CSV)


def read_request(body: bytes, kind: str, ready: Ready) -> tuple[Customers, Options]:
    """Read a body of this media type.

    Raises: MalformedError, InputError, TooLargeError.
    """
    if kind == CSV:
        return read_csv(body, ready.estimator.id_column or CUSTOMER_ID), NONE
    if kind == NDJSON:
        return read_ndjson(body, ready.reader), NONE
    quick = ready.reader and ready.reader.read_json(body)
    if quick:
        return quick
    request = typed(parse_json(body), ScoreRequest)
    return read_customers(request), of_body(request.explain, request.economics)
