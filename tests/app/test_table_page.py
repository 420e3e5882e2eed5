"""The page of a table: an Excel export is read, and its columns are shown, before and after its target is chosen."""

import io

import xlsxwriter
from flask.testing import FlaskClient

from tests.app.conftest import CSV


def workbook() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("Customers")
        for row, line in enumerate(CSV.decode().splitlines()):
            for place, text in enumerate(line.split(",")):
                sheet.write(row, place, text if row == 0 or place in (0, 5) else float(text))
    return out.getvalue()


def test_an_excel_export_leads_from_the_target_to_the_columns(client: FlaskClient) -> None:
    kind = "application/octet-stream"
    table = client.post("/v1/datasets?unlabelled=true&name=export", data=workbook(), content_type=kind)
    assert table.status_code == 201, table.text
    asked = client.get(f"/start/{table.json['id']}").text
    assert "Who left?" in asked
    assert "c-0001" in asked
    wanted = {"target": "churned", "id": "customer_id"}
    labelled = client.post(f"/v1/datasets/{table.json['id']}/readings", json=wanted)
    assert labelled.status_code == 201, labelled.text
    shown = client.get(f"/start/{labelled.json['id']}").text
    assert "Check the columns" in shown
    assert "monthly_charge" in shown
