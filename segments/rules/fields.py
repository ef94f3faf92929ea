"""What a rule may ask about: the properties of the subject itself, and for a contact those of its partner."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

TEXT_TYPES = frozenset({"text", "long_text", "url", "email", "phone"})
OPTION_TYPES = frozenset({"choice", "user"})
DAY_TYPES = frozenset({"date", "datetime"})


@dataclass(frozen=True, slots=True)
class Field:
    """One property as the rule language sees it. Its number is the key in the stored documents."""

    number: int
    of: str  # "self" or "partner"
    key: str
    label: str
    type: str
    options: tuple[tuple[str, str], ...] = ()
    archived: bool = False

    @property
    def name(self) -> str:
        """The name inside a form: short, and the same whatever the label becomes."""
        return f"{self.of}:{self.number}"

    def option_label(self, value: str) -> str:
        return dict(self.options).get(value, value)


class Fields:
    """The fields of one workspace at one level, found by side and number."""

    def __init__(self, fields: Iterable[Field], *, level: str = "contact", currency: str = "EUR"):
        self.level = level
        self.currency = currency
        self._by_place = {(field.of, field.number): field for field in fields}

    def __iter__(self) -> Iterator[Field]:
        return iter(self._by_place.values())

    def __getitem__(self, place: tuple[str, int]) -> Field:
        return self._by_place[place]

    def get(self, of: object, number: object) -> Field | None:
        if not isinstance(of, str) or not isinstance(number, int) or isinstance(number, bool):
            return None
        return self._by_place.get((of, number))

    def named(self, name: str) -> Field | None:
        of, _, number = name.partition(":")
        return self.get(of, int(number)) if number.isascii() and number.isdigit() else None

    def asked(self) -> list[Field]:
        """What the editor offers: everything that is not archived, in order."""
        return [field for field in self if not field.archived]
