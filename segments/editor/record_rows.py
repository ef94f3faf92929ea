"""What a row needs beside its value where it asks about related records, or about what somebody did."""

from dataclasses import dataclass
from typing import Any

from segments.editor.draft import Condition, Group
from segments.rules.fields import Field, Fields
from segments.rules.operators import MEASURES, Operator, offered

JOINED = {"all": "all", "any": "any", "none": "none"}


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Where:
    """The conditions on each of the records. `items` are rows."""

    name: str
    place: str
    several: str
    group: Group | None
    items: list[Any]

    @property
    def op(self) -> str:
        return self.group.op if self.group else "all"

    @property
    def choices(self) -> list[Choice]:
        return [Choice(op, text, op == self.op) for op, text in JOINED.items()]


@dataclass(frozen=True)
class Measure:
    """What of the records is measured, and with what the outcome is compared. `row` draws the value."""

    takes: Operator
    records: Fields
    field: Field | None
    comparison: Operator | None
    row: Any

    @property
    def fields(self) -> list[Choice]:
        known = [f for f in self.records.asked() if f.type in MEASURES[self.takes.name]]
        return [Choice(f.name, f.label, f == self.field) for f in known]

    @property
    def comparisons(self) -> list[Choice]:
        known = offered(self.field, self.records) if self.field else []
        fitting = [one for one in known if one.takes != "field"]
        return [Choice(one.name, one.words.removesuffix(":"), one == self.comparison) for one in fitting]


@dataclass(frozen=True)
class Deed:
    """How often, of what, and how long ago at most."""

    condition: Condition
    field: Field

    @property
    def times(self) -> str:
        return self.condition.first("n") or "1"

    @property
    def whats(self) -> list[Choice]:
        chosen = self.condition.first("what")
        known = [Choice(value, label, value == chosen) for value, label in self.field.options]
        gone = chosen and chosen not in dict(self.field.options)
        return [*known, *([Choice(chosen, "One that is gone", True)] if gone else [])]

    @property
    def takes_what(self) -> bool:
        return bool(self.whats)
