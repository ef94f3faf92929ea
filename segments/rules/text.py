"""How text is compared: NFC, trimmed and case-folded once, then byte by byte."""

import unicodedata

# A word ends at any of these. The same characters are replaced in Python and in SQL, one by one, so that
# both find the same words whatever the locale of the database.
SEPARATORS = " \t\n\r\v\f.,;:!?()[]{}<>/\\|\"'`“”‘’«»-–—_+*=&@#\u00a0\u2028\u2029"
SPACES = " " * len(SEPARATORS)
_TO_SPACES = str.maketrans(SEPARATORS, SPACES)


def tidy(value: str) -> str:
    """The value as people see it again: composed and trimmed, in its own case."""
    return unicodedata.normalize("NFC", value).strip()


def fold(value: str) -> str:
    """The value as the engine compares it."""
    return tidy(value).casefold()


def words(value: str) -> str:
    """The folded value with every separator as a space, and a space at both ends."""
    return f" {value.translate(_TO_SPACES)} "
