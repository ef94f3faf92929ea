"""Reads an uploaded list. The file is a stranger's: its size, its letters, its columns, all are found out.

Raises Unreadable with words for the person who uploaded it.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from segments.engine.matching import Entry

MOST_BYTES = 5 * 1024 * 1024
MOST_LINES = 50_000
DELIMITERS = (";", ",", "\t", "|")
LOOKED_AT = 20  # rows from which delimiter and column are guessed
MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
ADDRESS_HEADS = {"email", "emailaddress", "mail", "mailaddress", "emailadresse"}
NAME_HEADS = {
    "contact": {"name", "fullname", "contact", "contactname", "person"},
    "partner": {"name", "partner", "partnername", "company", "companyname", "account", "accountname"},
}
BOTH = ({"firstname", "givenname", "first"}, {"lastname", "surname", "familyname", "last"})


class Unreadable(ValueError):
    """Nothing of the file was taken over."""


def entries(content: bytes, level: str) -> list[Entry]:
    """One entry a row: the address or the name that stands in it."""
    if len(content) > MOST_BYTES:
        raise Unreadable("The file is larger than 5 MB.")
    text = decoded(content)
    rows = list(islice(_rows(text), MOST_LINES + 2))
    if not any(any(cells) for _, cells in rows):
        raise Unreadable("The file is empty.")
    pick, has_head = _column([cells for _, cells in rows], level)
    found = [Entry(line, pick(cells)) for line, cells in (rows[1:] if has_head else rows)]
    if len(found) > MOST_LINES:
        raise Unreadable(f"The file has more than {MOST_LINES:,} lines. Split it.")
    if not found:
        raise Unreadable("The file has a header and nothing below it.")
    return found


def pasted(text: str) -> list[Entry]:
    lines = text.replace("\x00", "").splitlines()[: MOST_LINES + 1]
    if len(lines) > MOST_LINES:
        raise Unreadable(f"Those are more than {MOST_LINES:,} lines. Split them.")
    return [Entry(at, line) for at, line in enumerate(lines, start=1) if line.strip()]


def decoded(content: bytes) -> str:
    """What a spreadsheet writes: UTF-8, UTF-16 with its mark, or the old encoding of Windows."""
    marked = next((encoding for mark, encoding in MARKS if content.startswith(mark)), None)
    try:
        text = content.decode(marked or "utf-8")
    except UnicodeDecodeError:
        if marked:
            raise Unreadable("The file is not text. Save it as CSV and try again.") from None
        text = content.decode("cp1252", errors="replace")
    if "\x00" in text or content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"):
        raise Unreadable("The file is not text. Save it as CSV and try again.")
    return text


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The number of the line on which each row begins, and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), skipinitialspace=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise Unreadable(f"The file cannot be read from line {begins:,} on.") from None
        yield begins, [cell.strip() for cell in cells]


def _delimiter(text: str) -> str:
    """The one that gives most rows the same number of cells, more than one; a list of one column has none."""
    head = "\n".join(text.splitlines()[: LOOKED_AT * 2])

    def agreement(delimiter: str) -> tuple[int, int]:
        try:
            rows = islice(csv.reader(io.StringIO(head), delimiter=delimiter), LOOKED_AT)
            widths = Counter(len(row) for row in rows if row)
        except csv.Error:
            return (0, 0)
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        return (count, width) if width > 1 else (0, 0)

    return max(DELIMITERS, key=agreement)


def _column(rows: list[list[str]], level: str):
    """How to take the address or name out of a row, and whether the first row is a header."""
    heads = ["".join(c for c in cell.lower() if c.isalnum()) for cell in rows[0]]
    named = _named(heads, level)
    if named is not None:
        return named, True
    if level == "contact" and (at := _most_addresses(rows)) is not None:
        return _cell(at), False
    return _cell(0), False


def _named(heads: list[str], level: str):
    """By the words of a header; the address before the name, which may mean several."""
    wanted = [ADDRESS_HEADS, NAME_HEADS[level]] if level == "contact" else [NAME_HEADS[level], ADDRESS_HEADS]
    for words in wanted:
        if (at := next((i for i, head in enumerate(heads) if head in words), None)) is not None:
            return _cell(at)
    places = [next((i for i, head in enumerate(heads) if head in words), None) for words in BOTH]
    if level == "contact" and None not in places:
        first, last = (_cell(at) for at in places if at is not None)
        return lambda cells: f"{first(cells)} {last(cells)}".strip()
    return None


def _most_addresses(rows: list[list[str]]) -> int | None:
    counts = Counter(at for cells in rows[:LOOKED_AT] for at, cell in enumerate(cells) if "@" in cell)
    return counts.most_common(1)[0][0] if counts else None


def _cell(at: int):
    return lambda cells: cells[at] if at < len(cells) else ""
