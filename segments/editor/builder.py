"""The condition builder as the template draws it: rows and groups with their choices, values and faults."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from segments.editor.draft import Condition, Draft, Group, chosen_operator, measured
from segments.editor.draft_values import ENDS, SALT
from segments.editor.field_menu import Entry, FieldMenu, side
from segments.editor.record_rows import Deed, Measure, Where
from segments.rules.fields import ACTIVITY, OPTION_TYPES, RECORDS, Field, Fields
from segments.rules.operators import CLOCK_UNITS, DAY_UNITS, FISCAL_UNITS, Operator, offered
from segments.rules.tree import MAX_DEPTH, Path, spell
from segments.rules.validate import RuleError, comparable
from segments.rules.words import MONTHS, WEEKDAYS

INPUTS = {
    "text": "text", "word": "text", "texts": "lines", "domains": "lines", "numbers": "lines",
    "month_days": "lines", "number": "number", "count": "number", "days": "number", "number_pair": "numbers",
    "mod": "numbers", "amount": "amount", "amount_pair": "amounts", "options": "choices", "months": "choices",
    "weekdays": "choices", "date": "date", "date_pair": "dates", "span": "span", "day_span": "span",
    "period": "period", "field": "field", "nothing": "nothing", "exact_text": "text", "exact_texts": "lines",
    "regex": "text", "version": "text", "length": "number", "any_span": "span", "segments": "choices",
    "chance": "share", "text_transition": "passage", "option_transition": "passage", "many": "number",
    "measure": "measure", "times": "times", "never": "times", "deed_day": "deed_day", "deed_span": "deed_span",
}  # fmt: skip


# Forms whose spans may count hours, whatever the property.
WITH_CLOCK = {"any_span", "text_transition", "option_transition", "times", "never", "deed_span"}
OPEN_ENDS = {
    "": "both included",
    "from": "without the first",
    "to": "without the last",
    "both": "without both",
}


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool = False
    gone: bool = False


@dataclass(frozen=True)
class End:
    name: str
    choices: list[Option] | None
    text: str


@dataclass(frozen=True)
class Node:
    """What a row and a group have in common."""

    path: Path
    errors: list[str]
    first: bool
    last: bool
    focus: bool

    @property
    def place(self) -> str:
        return spell(self.path)

    @property
    def number(self) -> str:
        """As people count: 2.1"""
        return ".".join(str(index + 1) for index in self.path)

    @property
    def id(self) -> str:
        return "n" + "-".join(str(index) for index in self.path)


@dataclass(frozen=True)
class Row(Node):
    condition: Condition
    field: Field | None
    operator: Operator | None
    fields: Fields
    menu: FieldMenu
    where: Where | None = None  # of related records: the conditions on each of them
    measure: Measure | None = None

    is_group = False

    @property
    def name(self) -> str:
        return f"c:{self.place}"

    @property
    def label(self) -> str:
        return self.field.label if self.field else "Value"

    @property
    def asked(self) -> Entry | None:
        return self.menu.entry(self.field) if self.field else None

    @property
    def field_options(self) -> str:
        return self.menu.options(self.field)

    @property
    def operators(self) -> list[Option]:
        known = offered(self.field, self.fields) if self.field else []
        return [Option(op.name, op.words.removesuffix(":"), op == self.operator) for op in known]

    @property
    def input(self) -> str:
        return INPUTS[self.operator.takes] if self.operator else "nothing"

    @property
    def value(self) -> str:
        return self.condition.first("v")

    @property
    def second(self) -> str:
        return self.condition.first("w")

    @property
    def which(self) -> str:
        return self.condition.first("which") or "this"

    @property
    def unit(self) -> str:
        return self.condition.first("unit") or ("month" if self.input == "period" else "day")

    @property
    def currency(self) -> str:
        return self.condition.first("currency") or self.fields.currency

    @property
    def units(self) -> list[Option]:
        return [Option(unit, f"{unit.replace('_', ' ')}s", unit == self.unit) for unit in self._units]

    @property
    def _units(self) -> tuple[str, ...]:
        takes = self.operator.takes if self.operator else ""
        if takes == "period":
            return (*DAY_UNITS, *FISCAL_UNITS)
        clock = takes in WITH_CLOCK or (
            takes == "span" and self.field is not None and self.field.type == "datetime"
        )
        return (*CLOCK_UNITS, *DAY_UNITS) if clock else DAY_UNITS

    @property
    def open_ends(self) -> list[Option]:
        """Which ends of a pair do not belong to it."""
        chosen = self.condition.first("open")
        return [Option(one, text, one == chosen) for one, text in OPEN_ENDS.items()]

    @property
    def periods(self) -> list[Option]:
        words = {"this": "this", "last": "last", "next": "next", "so_far": "so far this"}
        return [Option(one, text, one == self.which) for one, text in words.items()]

    @property
    def ends(self) -> "list[End]":
        """Both ends of a passage from one value to another: options to choose, or lines of text."""
        options = list(self.field.options) if self.field and self.field.type in OPTION_TYPES else None
        found = []
        for name in ENDS:
            chosen = self.condition.inputs.get(name, [])
            choices = None if options is None else [Option(v, label, v in chosen) for v, label in options]
            found.append(End(name, choices, "\n".join(chosen)))
        return found

    @property
    def count(self) -> str:
        return self.condition.first("n")

    @property
    def salt(self) -> str:
        """Which of the random orders a share is taken from."""
        return self.condition.first("salt") or SALT

    @property
    def deed(self) -> Deed | None:
        return Deed(self.condition, self.field) if self.field and self.field.type == ACTIVITY else None

    @property
    def choices(self) -> list[Option]:
        """The options to choose from; one that is chosen but gone stays in sight until it is taken out."""
        chosen = self.condition.inputs.get("v", [])
        known = self._known_choices()
        gone = [
            Option(value, value, True, gone=True) for value in chosen if value and value not in dict(known)
        ]
        return [*(Option(value, label, value in chosen) for value, label in known), *gone]

    def _known_choices(self) -> list[tuple[str, str]]:
        if self.operator and self.operator.takes in ("months", "weekdays"):
            names = MONTHS if self.operator.takes == "months" else WEEKDAYS
            return [(str(number), name) for number, name in enumerate(names, start=1)]
        return list(self.field.options) if self.field else []

    @property
    def comparable(self) -> list[Option]:
        same = [f for f in self.fields.asked() if self.field and comparable(self.field, f)]
        return [Option(f.name, side(f, self.fields) + f.label, f.name == self.value) for f in same]

    @property
    def asks_blank(self) -> bool:
        """Always where it is easily overlooked; elsewhere only where somebody made an exception."""
        if self.operator is None or not self.operator.asks_about_blank:
            return False
        return self.operator.negative or self.condition.blank is True

    @property
    def may_count_blanks(self) -> bool:
        """Whether its menu offers to count blanks, which is not usual here."""
        return self.operator is not None and self.operator.asks_about_blank and not self.asks_blank

    @property
    def blank_counts(self) -> bool:
        blank = self.condition.blank
        usual = self.operator is not None and self.operator.negative
        return usual if blank is None else blank


@dataclass(frozen=True)
class GroupBox(Node):
    op: str
    items: list["Row | GroupBox"]

    is_group = True

    @property
    def name(self) -> str:
        return f"g:{self.place}"

    @property
    def depth(self) -> int:
        return len(self.path)

    @property
    def may_nest(self) -> bool:
        return self.depth < MAX_DEPTH - 1

    @property
    def joiner(self) -> str:
        return {"all": "and", "any": "or", "none": "nor"}[self.op]

    @property
    def choices(self) -> list[Option]:
        return [Option(op, op, op == self.op) for op in ("all", "any", "none")]


def build(draft: Draft, fields: Fields, errors: Collection[RuleError]) -> GroupBox:
    by_path: dict[Path, list[str]] = {}
    for error in errors:
        by_path.setdefault(error.path, []).append(error.message)
    return _Builder(draft, fields, by_path).group(draft.root, (), 0, 1)


class _Builder:
    def __init__(self, draft: Draft, fields: Fields, errors: Mapping[Path, list[str]]):
        self._draft, self._fields, self._errors = draft, fields, errors
        self._menu = FieldMenu(fields)

    def group(self, group: Group, path: Path, index: int, count: int) -> GroupBox:
        size = len(group.items)
        items = [
            self.group(item, (*path, i), i, size)
            if isinstance(item, Group)
            else self._row(item, (*path, i), i, size)
            for i, item in enumerate(group.items)
        ]
        return GroupBox(**self._node(path, index, count), op=group.op, items=items)

    def _row(self, condition: Condition, path: Path, index: int, count: int) -> Row:
        field = self._fields.named(condition.field)
        node, chosen = self._node(path, index, count), chosen_operator(condition, field)
        more: dict[str, Any] = {}
        if field is not None and chosen is not None and field.type == RECORDS:
            more = self._among(node, condition, field, chosen)
        return Row(
            **node,
            condition=condition,
            field=field,
            operator=chosen,
            fields=self._fields,
            menu=self._menu,
            **more,
        )

    def _among(self, node: dict, condition: Condition, field: Field, chosen: Operator) -> dict:
        """A row that asks about related records holds rows that ask about each of them."""
        path, known = node["path"], self._fields.records[field.key]
        within = _Builder(self._draft, known, self._errors)
        inside = [
            item for item in (condition.where.items if condition.where else ()) if isinstance(item, Condition)
        ]
        rows = [within._row(item, (*path, i), i, len(inside)) for i, item in enumerate(inside)]
        found: dict[str, Any] = {
            "where": Where(f"w:{spell(path)}", spell(path), field.label.lower(), condition.where, rows)
        }
        if chosen.takes == "measure":
            of, comparison = measured(condition, known)
            value = Row(
                **node, condition=condition, field=of, operator=comparison, fields=known, menu=within._menu
            )
            found["measure"] = Measure(chosen, known, of, comparison, value)
        return found

    def _node(self, path: Path, index: int, count: int) -> dict:
        return {
            "path": path,
            "errors": self._errors.get(path, []),
            "first": index == 0,
            "last": index == count - 1,
            "focus": self._draft.focus == path,
        }
