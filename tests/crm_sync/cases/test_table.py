"""docs/crm-cases.md names 79 cases and tests that exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
TABLE = (TESTS.parent / "docs" / "crm-cases.md").read_text()
ROWS = dict(re.findall(r"^\| (\d+) \|(.*)\|$", TABLE, re.M))


def test_every_case_is_in_the_table():
    assert list(ROWS) == [str(number) for number in range(1, 80)]


def test_every_case_names_a_test_that_is_there_or_says_that_it_is_open():
    missing = []
    for number, row in ROWS.items():
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", row)
        if not named and "open:" not in row:
            missing.append(number)
        for path, name in named:
            if f"def {name}(" not in (TESTS / path).read_text():
                missing.append(f"{number}: {path}::{name}")
    assert missing == []
