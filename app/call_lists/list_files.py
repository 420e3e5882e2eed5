"""Writes call lists as files for spreadsheets: CSV and XLSX, with the same columns."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

from app.call_lists.listed_customers import ListedCustomer
from model.columns.cells import Scalar
from model.scoring import safe

OWN = {"chance of leaving": "0%", "expected profit": "#,##0.00", "value": "#,##0.00"}
"""Our columns beside the id and the reasons, with the format of their numbers in a spreadsheet."""
REASON_WIDTH = 36
EXACT_NUMBERS = 1e15


def header(columns: Sequence[str], id_name: str, reasons: int) -> list[str]:
    """Return the names of the file's columns; a column of the table that has the name of another one is marked.

    Example:
        >>> header(["plan", "value"], "id", 1)
        ['id', 'chance of leaving', 'expected profit', 'value', 'reason 1', 'plan', 'value (in your table)']
    """
    ours = [id_name, *OWN, *(f"reason {place}" for place in range(1, reasons + 1))]
    return ours + [f"{name} (in your table)" if name in ours else name for name in columns]


def cells(one: ListedCustomer, columns: Sequence[str], reasons: int) -> list[Scalar]:
    """Return the cells of a customer, in the order of `header`."""
    texts = [reason.text for reason in one.reasons[:reasons]]
    who = one.row if one.row is not None else one.customer_id
    ours = [who, one.churn_probability, one.expected_profit, one.customer_value]
    return [*ours, *texts, *[None] * (reasons - len(texts)), *(one.customer.get(name) for name in columns)]


def csv_text(customers: Iterable[ListedCustomer], columns: Sequence[str], id_name: str, reasons: int) -> str:
    """Return the list as CSV. Text that a spreadsheet would run gets an apostrophe in front."""
    out = io.StringIO(newline="")
    out.write("\ufeff")  # without it, Excel reads another encoding than UTF-8
    writer = csv.writer(out)
    writer.writerow(map(safe, header(columns, id_name, reasons)))
    writer.writerows(map(safe, cells(one, columns, reasons)) for one in customers)
    return out.getvalue()


def xlsx_bytes(customers: Iterable[ListedCustomer], columns: Sequence[str], id_name: str, reasons: int) -> bytes:
    """Return the list as a workbook. Texts are texts: none becomes a formula, a number or a link."""
    out = io.BytesIO()
    names, last = header(columns, id_name, reasons), 0
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        sheet, bold = book.add_worksheet("Call list"), book.add_format({"bold": True})
        formats = {place: book.add_format({"num_format": code}) for place, code in enumerate(OWN.values(), start=1)}
        for place, name in enumerate(names):
            sheet.set_column(place, place, REASON_WIDTH if name.startswith("reason ") else max(12, min(40, len(name))))
            sheet.write_string(0, place, name, bold)
        sheet.freeze_panes(1, 1)
        for row, one in enumerate(customers, start=1):
            last = row
            for place, value in enumerate(cells(one, columns, reasons)):
                _write(sheet, (row, place), value, formats.get(place))
        sheet.autofilter(0, 0, last, len(names) - 1)
    return out.getvalue()


def _write(sheet: Any, place: tuple[int, int], value: Scalar, cell_format: object) -> None:
    """Write a cell. Whole numbers beyond 15 digits are texts, because a spreadsheet would round them."""
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, int | float) and abs(value) < EXACT_NUMBERS:
        sheet.write_number(*place, value, cell_format)
    elif value is not None:
        sheet.write_string(*place, str(value))
