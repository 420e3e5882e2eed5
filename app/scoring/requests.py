"""A scoring request in any of its formats: the customers, and what else is asked."""

from app.scoring.csv_rows import read_csv
from app.scoring.customers import Customers
from app.scoring.json_request import read_json
from app.scoring.ndjson import read_ndjson
from app.scoring.options import NONE, Options
from model.estimator import Estimator

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
FORMATS = (JSON, NDJSON, CSV)


def read_request(body: bytes, kind: str, estimator: Estimator) -> tuple[Customers, Options]:
    """Read a body of this media type.

    Raises: MalformedError, InputError, TooLargeError.
    """
    if kind == CSV:
        return read_csv(body, estimator), NONE
    if kind == NDJSON:
        return read_ndjson(body), NONE
    return read_json(body, estimator)
