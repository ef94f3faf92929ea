"""What a rule may ask about: the properties of the subject itself, for a contact those of its partner, and
what is known beside them: records, activity, other segments.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

TEXT_TYPES = frozenset({"text", "long_text", "url", "email", "phone"})
OPTION_TYPES = frozenset({"choice", "user"})
DAY_TYPES = frozenset({"date", "datetime"})
# What is asked beside properties. Such a field has a name instead of a number.
SEGMENTS, ACTIVITY, RECORDS, CHANCE, CONSTANT = "segments", "activity", "records", "chance", "constant"
BESIDE = frozenset({SEGMENTS, ACTIVITY, RECORDS, CHANCE, CONSTANT})


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask about. A property's number is the key in the stored documents."""

    number: int | str
    of: str  # "self" or "partner"
    key: str
    label: str
    type: str
    options: Sequence[tuple[str, str]] = ()
    archived: bool = False
    group: str = ""  # the heading under which the editor offers it; "" is that of its side
    one: str = ""  # of records: what one of them is called

    @property
    def name(self) -> str:
        """The name inside a form: short, and the same whatever the label becomes."""
        return f"{self.of}:{self.number}"

    @property
    def is_property(self) -> bool:
        return self.type not in BESIDE

    def option_label(self, value: str) -> str:
        return dict(self.options).get(value, value)


@dataclass(frozen=True)
class Referenced:
    """A segment as other rules see it. Without a tree it is a list of picked members."""

    id: str
    number: int
    name: str
    level: str
    build: int | None = None  # the build that decides; None: it decides nothing
    tree: Any = None


@dataclass(frozen=True)
class Calendar:
    """Where weeks and fiscal years begin: 1 is Monday, and January."""

    week_starts: int = 1
    fiscal_year_starts: int = 1


class Fields:
    """The fields of one workspace at one level, found by side and number or name."""

    def __init__(
        self,
        fields: Iterable[Field],
        *,
        level: str = "contact",
        currency: str = "EUR",
        calendar: Calendar = Calendar(),
        segments: Mapping[str, Referenced] | None = None,
        records: "Mapping[str, Fields] | None" = None,
        keeps_history: bool = False,
        among_records: bool = False,
    ):
        self.level = level
        self.currency = currency
        self.calendar = calendar
        self.segments: Mapping[str, Referenced] = {} if segments is None else segments
        self.records: Mapping[str, Fields] = records or {}
        # Whether former values of properties can be asked about.
        self.keeps_history = keeps_history
        # Whether these are the fields of related records, which have values and nothing beside them.
        self.among_records = among_records
        self._by_place = {(field.of, field.number): field for field in fields}

    def __iter__(self) -> Iterator[Field]:
        return iter(self._by_place.values())

    def __getitem__(self, place: tuple[str, int | str]) -> Field:
        return self._by_place[place]

    def get(self, of: object, number: object) -> Field | None:
        if not isinstance(of, str) or not isinstance(number, int | str) or isinstance(number, bool):
            return None
        return self._by_place.get((of, number))

    def named(self, name: str) -> Field | None:
        of, _, number = name.partition(":")
        return self.get(of, int(number) if number.isascii() and number.isdigit() else number)

    def asked(self) -> list[Field]:
        """What the editor offers: everything that is not archived, in order."""
        return [field for field in self if not field.archived]

    def of_partner(self) -> "Fields":
        """What rules about the contact's partner itself may ask about."""
        if self.level == "partner":
            return self
        mine = [replace(field, of="self") for field in self if field.of == "partner"]
        return Fields(mine, level="partner", **self._more())

    def seeing(self, segments: Mapping[str, Referenced]) -> "Fields":
        """The same fields, where references mean these definitions."""
        return Fields(self, level=self.level, **self._more() | {"segments": segments})

    def _more(self) -> dict[str, Any]:
        names = ("currency", "calendar", "segments", "records", "keeps_history", "among_records")
        return {name: getattr(self, name) for name in names}
