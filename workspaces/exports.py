"""Records as CSV, safe to open in a spreadsheet."""

import csv
import io
import re
from tempfile import SpooledTemporaryFile

from django.http import FileResponse

IN_MEMORY = 1024 * 1024
FORMULA_BEGINNINGS = {"=", "+", "-", "@", "\t", "\r", "\n", "|", "%"}
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z")


def csv_response(filename, header, rows):
    """The file is written while the transaction is open, a part at a time, and sent when it is closed."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    # Everything in quotes: a spreadsheet that splits at semicolons must not begin a cell inside of one of ours.
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow([safe(cell) for cell in header])
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
    text.detach()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=filename, content_type="text/csv; charset=utf-8")


def safe(cell):
    """A spreadsheet runs what begins like a formula; an apostrophe keeps it text. Numbers stay numbers."""
    text = str(cell)
    begins = text.lstrip(" \u00a0")[:1]
    return f"'{text}" if begins in FORMULA_BEGINNINGS and not PLAIN_NUMBER.match(text) else text


def in_export(display, prop, raw):
    """Words for what people choose, plain forms for what machines read on."""
    match prop.type:
        case "number" | "date" | "datetime":
            return raw or ""
        case "money":
            return f"{raw['amount']} {raw['currency']}" if raw else ""
        case _:
            return display.text(prop, raw)
