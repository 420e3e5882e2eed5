"""Small XLSX workbooks, written by hand: no writer of workbooks makes hostile ones."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
STYLES = f'<styleSheet xmlns="{MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'


class Dated(float):
    """A number of days since 1899-12-30 that is formatted as a date."""


def workbook(
    sheets: Mapping[str, Sequence[Sequence[object]]], dimension: str | None = None, last_cell: str | None = None
) -> bytes:
    """Return the bytes of a workbook. `dimension` claims an extent, `last_cell` adds a cell far from the table."""
    sink = io.BytesIO()
    names = list(sheets)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in range(1, len(names) + 1)]
        types = "".join(
            f'<Override PartName="{part}" ContentType="{SHEET_TYPE}.{kind}+xml"/>'
            for part, kind in (*parts, ("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles"))
        )
        defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{defaults}{types}</Types>')
        archive.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        listed = "".join(
            f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1)
        )
        book = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>'
        archive.writestr("xl/workbook.xml", book)
        targets = [("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(names) + 1)]
        archive.writestr("xl/_rels/workbook.xml.rels", _relations([*targets, ("styles", "styles.xml")]))
        archive.writestr("xl/styles.xml", STYLES)
        for number, rows in enumerate(sheets.values(), 1):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", _sheet(rows, dimension, last_cell))
    return sink.getvalue()


def _relations(parts: Sequence[tuple[str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(parts, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def _sheet(rows: Sequence[Sequence[object]], dimension: str | None, last_cell: str | None) -> str:
    claimed = "" if dimension is None else f'<dimension ref="{dimension}"/>'
    lines = [
        f'<row r="{r}">' + "".join(_cell(f"{chr(64 + c)}{r}", value) for c, value in enumerate(row, 1)) + "</row>"
        for r, row in enumerate(rows, 1)
    ]
    if last_cell is not None:
        lines.append(f'<row r="{last_cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}">{_cell(last_cell, 1)}</row>')
    return f'<worksheet xmlns="{MAIN}">{claimed}<sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(place: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, Dated):
        return f'<c r="{place}" s="1"><v>{float(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
