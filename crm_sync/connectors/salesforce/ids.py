"""Salesforce's record ids: fifteen characters where case counts, or eighteen where it does not."""

import re

PATTERN = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?\Z")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def is_id(text: str) -> bool:
    return bool(PATTERN.match(text))


def long_id(text: str) -> str:
    """The form with eighteen characters, in which ids are kept and compared; what is no id stays as it is."""
    text = text.strip()
    if len(text) != 15 or not is_id(text):
        return text
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, letter in enumerate(text[start : start + 5]) if letter.isupper())
        suffix += ALPHABET[bits]
    return text + suffix
