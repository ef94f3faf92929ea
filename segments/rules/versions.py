"""Version numbers such as 2.10.3 or v3.0.0-rc.1, ordered as https://semver.org (2.0.0, section 11) says.

Shorter numbers are filled with zeros; what follows a plus sign does not count.
"""

import re

SHAPE = re.compile(
    r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:-([0-9a-z.-]{1,100}))?(?:\+[0-9a-z.-]*)?\Z"
)
type Key = tuple


def version(text: str) -> Key | None:
    """Something to compare, or None where the folded text is no version."""
    found = SHAPE.match(text)
    if found is None:
        return None
    major, minor, patch = (int(part or 0) for part in found.groups()[:3])
    before = found[4]
    # A finished version comes after all that lead to it; numbers come before words.
    leading = (1,) if before is None else (0, tuple(_part(one) for one in before.split(".")))
    return (major, minor, patch, leading)


def _part(text: str) -> tuple:
    return (0, int(text), "") if text.isdigit() else (1, 0, text)
