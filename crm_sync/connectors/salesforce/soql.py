"""Questions in Salesforce's query language, none of them longer than an address may be."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from crm_sync.connectors.salesforce.ids import is_id

OBJECTS = {
    "company": "Account",
    "contact": "Contact",
    "deal": "Opportunity",
    "lead": "Lead",
    "user": "User",
}
TYPES = {name: object_type for object_type, name in OBJECTS.items()}
MERGING = {"company", "contact", "lead"}  # those that tell whom they were merged into
MOST_IDS = 200
LONGEST_NAMES = 6_000  # characters of field names in one question; the whole address ends at 16,384 bytes


def select(names: Iterable[str], object_type: str, *rest: str) -> str:
    listed = ", ".join(dict.fromkeys(["Id", "SystemModstamp", *names]))
    return " ".join([f"SELECT {listed} FROM {OBJECTS[object_type]}", *filter(None, rest)])  # noqa: S608


def with_ids(ids: Iterable[str], field: str = "Id") -> str:
    """Only what looks like an id gets into a question."""
    return f"WHERE {field} IN ({', '.join(repr(i) for i in ids if is_id(i))})"


def among(field: str, texts: Iterable[str]) -> str:
    """Texts are quoted as Salesforce reads them: nothing in one ends it."""
    quoted = ("'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" for text in texts)
    return f"WHERE {field} IN ({', '.join(quoted)})"


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def in_parts(names: Sequence[str]) -> Iterator[list[str]]:
    """The names in as many questions as their length asks for; one without any, where there are none."""
    part: list[str] = []
    length = 0
    for name in names:
        if part and length + len(name) > LONGEST_NAMES:
            yield part
            part, length = [], 0
        part.append(name)
        length += len(name) + 4  # the comma and the space, as an address writes them
    yield part
