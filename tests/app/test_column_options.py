"""A kind or reading that a training spec declares for a column is compared with the dataset at once."""

from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.app.test_training_jobs import train


@pytest.mark.parametrize(
    ("options", "faults"),
    [
        ({"plan": {"kind": "numeric"}}, ["/spec/columns/plan/kind wrong_type"]),
        ({"plan": {"kind": "boolean"}}, ["/spec/columns/plan/kind wrong_type"]),
        ({"plan": {"read_as": "day_first"}}, ["/spec/columns/plan/read_as wrong_type"]),
        ({"price": {"read_as": "date"}}, ["/spec/columns/price/read_as conflict"]),
        ({"since": {"read_as": "decimal_comma"}}, ["/spec/columns/since/read_as conflict"]),
        ({"paperless": {"read_as": "decimal_comma"}}, ["/spec/columns/paperless/read_as conflict"]),
        ({"plan": {"drop": True}, "price": {"read_as": "decimal_comma"}, "since": {"kind": "categorical"}}, []),
    ],
)
def test_a_kind_or_reading_that_a_column_does_not_have_is_refused_at_once(
    client: FlaskClient, options: dict[str, Any], faults: list[str]
) -> None:
    lines = [
        f'{"basic" if n % 2 else "family"},"{n},5",2024-01-{n + 10},{"true" if n % 3 else "false"},{n % 2}'
        for n in range(20)
    ]
    table = "\n".join(["plan,price,since,paperless,churned", *lines]).encode()
    dataset = client.post("/v1/datasets?target=churned", data=BytesIO(table), content_type="text/csv").json["id"]
    answer = train(client, dataset, spec={"columns": options}, validate_only=True)
    assert [f"{error['pointer']} {error['code']}" for error in answer.json.get("errors", [])] == faults
