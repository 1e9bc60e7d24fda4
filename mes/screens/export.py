"""Tables as files: CSV for anything, XLSX with numbers as numbers. No text of a person ever runs as a formula."""

import csv
import io
import re
from collections.abc import Sequence

import xlsxwriter
from django.http import HttpResponse

from mes.screens.improve.tables import Table, Value
from mes.screens.safe_csv import safe_cell

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_NAME = 31
"""The longest name a sheet can have."""

About = Sequence[tuple[str, str]]


def csv_answer(table: Table, about: About, name: str) -> HttpResponse:
    """What the numbers are of, an empty line, the heads, the rows. Numbers are unrounded, what is unknown is empty."""
    out = io.StringIO()
    write = csv.writer(out)
    for pair in about:
        write.writerow([safe_cell(text) for text in pair])
    write.writerow([])
    write.writerow([safe_cell(column.title) for column in table.columns])
    for row in table.rows:
        write.writerow([_plain(value) for value in row.values])
    return _file(("\ufeff" + out.getvalue()).encode(), "text/csv; charset=utf-8", f"{name}-{table.key}.csv")


def xlsx_answer(tables: Sequence[Table], about: About, name: str) -> HttpResponse:
    """A workbook with one sheet per table, each with what its numbers are of above the heads."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    bold = book.add_format({"bold": True})
    for number, table in enumerate(tables, start=1):
        sheet = book.add_worksheet(_sheet_name(str(table.title), number))
        top = len(about) + 1
        for line, (key, text) in enumerate(about):
            sheet.write_string(line, 0, key, bold)
            sheet.write_string(line, 1, text)
        for n, column in enumerate(table.columns):
            sheet.write_string(top, n, column.title, bold)
            sheet.set_column(n, n, max(12, min(40, len(column.title) + 2)))
        for line, row in enumerate(table.rows, start=top + 1):
            for n, value in enumerate(row.values):
                if isinstance(value, str):
                    sheet.write_string(line, n, value)
                elif value is not None:
                    sheet.write_number(line, n, value)
        sheet.freeze_panes(top + 1, 1)
    book.close()
    key = tables[0].key if len(tables) == 1 else "all"
    return _file(out.getvalue(), XLSX, f"{name}-{key}.xlsx")


def _plain(value: Value) -> Value:
    """Numbers as they are (a negative one is no formula), texts made harmless, nothing for unknown."""
    return safe_cell(value) if isinstance(value, str) else "" if value is None else value


def _sheet_name(title: str, number: int) -> str:
    allowed = re.sub(r"[\[\]:*?/\\]", " ", title)
    return f"{number} {allowed}"[:SHEET_NAME].strip("' ")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    answer["Content-Disposition"] = f'attachment; filename="{plain}"'
    return answer
