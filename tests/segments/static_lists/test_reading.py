"""Uploaded lists: every spreadsheet's habits, and what is no list at all."""

import pytest

from segments.engine.matching import tidy
from segments.static_lists.reading import MOST_BYTES, MOST_LINES, Unreadable, entries, pasted


def texts(content, level="contact"):
    content = content if isinstance(content, bytes) else content.encode()
    return [entry.text for entry in entries(content, level)]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("E-mail\npat@example.com\nsam@example.com\n", ["pat@example.com", "sam@example.com"]),
        ("pat@example.com\r\nsam@example.com", ["pat@example.com", "sam@example.com"]),
        ("Name;E-Mail;Stadt\nPat;pat@example.com;Ulm\n", ["pat@example.com"]),
        ('Name,Email\n"Jones, Pat",pat@example.com\n', ["pat@example.com"]),
        ("name\temail address\nPat\tpat@example.com\n", ["pat@example.com"]),
        ("Pat,pat@example.com\nSam,sam@example.com\n", ["pat@example.com", "sam@example.com"]),
        ("First name,Last name\nPat,Jones\n", ["Pat Jones"]),
        ('Name\n"Pat ""the"" Jones"\n', ['Pat "the" Jones']),
        ("\ufeffEmail\npat@example.com\n", ["pat@example.com"]),
        ("Id,Name\n7,Pat\n", ["Pat"]),
        ("Name|City\nPat|Ulm\n", ["Pat"]),
        ("Pat\nSam", ["Pat", "Sam"]),
        ("Email\npat@example.com\n\nsam@example.com", ["pat@example.com", "", "sam@example.com"]),
    ],
)
def test_the_address_or_the_name_of_each_row(content, found):
    assert texts(content) == found


@pytest.mark.parametrize("head", ["Company", "partner name", "Name", "ACCOUNT"])
def test_partners_are_found_by_name(head):
    assert texts(f"City,{head}\nUlm,Brightpath\n", "partner") == ["Brightpath"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_of_a_spreadsheet(encoding):
    assert texts("Name\nÅse Müller\n".encode(encoding)) == ["Åse Müller"]


def test_the_line_is_where_the_row_begins():
    found = entries(b'Name,Note\n"Pat","two\nlines"\nSam,one\n', "contact")
    assert [(entry.line, entry.text) for entry in found] == [(2, "Pat"), (4, "Sam")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\n\n , \n", "The file is empty."),
        (b"Email\n", "The file has a header and nothing below it."),
        (b"PK\x03\x04" + bytes(200), "The file is not text. Save it as CSV and try again."),
        (b"Name\nPa\x00t\n", "The file is not text. Save it as CSV and try again."),
        (b"\xff\xfePa", "x"),
        (b"\xff\xfe\x00", "The file is not text. Save it as CSV and try again."),
        (b"a" * (MOST_BYTES + 1), "The file is larger than 5 MB."),
        (b'Name\n"' + b"x" * 200_000 + b'"\n', "The file cannot be read from line 2 on."),
        (b"x\n" * (MOST_LINES + 1), f"The file has more than {MOST_LINES:,} lines. Split it."),
    ],
)
def test_what_is_no_list_is_refused_in_words(content, words):
    if words == "x":
        assert texts(content) == [content[2:].decode("utf-16-le")]
        return
    with pytest.raises(Unreadable) as refused:
        entries(content, "contact")
    assert str(refused.value) == words


def test_pasted_lines_keep_their_numbers():
    assert [(entry.line, entry.text) for entry in pasted("Pat\n\n Sam ")] == [(1, "Pat"), (3, " Sam ")]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("  Pat  Jones ", "Pat Jones"),
        ("Pat Jones <pat@example.com>", "pat@example.com"),
        ('"pat@example.com",', "pat@example.com"),
        ("pat@example.com;", "pat@example.com"),
        ("A\u030ase", "Åse"),
        ("=cmd()", "=cmd()"),
    ],
)
def test_a_line_is_tidied(line, meant):
    assert tidy(line) == meant
