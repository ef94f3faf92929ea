"""Lists of partners and contacts as their address says: search, filters, sort, columns and page."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.paginator import Paginator
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Lower

from workspaces.display import Display
from workspaces.properties import properties_of

PER_PAGE = 50
BLANK = "~blank"  # in a filter: has no value
COLUMN_LIMIT = 12


@dataclass(frozen=True)
class Column:
    key: str
    label: str
    prop: Any = None
    sortable: bool = True
    numeric: bool = False


@dataclass(frozen=True)
class Filter:
    """One choice above the list. `name` is its parameter in the address."""

    name: str
    label: str
    any: str
    options: list
    value: str

    @property
    def chosen(self):
        """The words of what is chosen, None where nothing is."""
        return dict(self.options).get(self.value)


@dataclass(frozen=True)
class Cell:
    column: Column
    value: Any
    kind: str = "text"  # text | number | moment | status: how the template prints it


class RecordList:
    """Everything a list page shows. It costs the same number of queries however long the list is."""

    level = ""
    own_columns: tuple = ()
    default_columns: tuple = ()

    def __init__(self, params, *, member, zone):
        self.params, self.member = self._tidy(params), member
        self.props = properties_of(self.level)
        self.display = Display(zone)

    @property
    def q(self):
        return self.params.get("q", "").replace("\x00", "").strip()

    def _tidy(self, params):
        """The address's query without what says nothing: a form sends every select, chosen or not."""
        kept = params.copy()
        if kept.getlist("col") == list(self.default_columns):
            del kept["col"]
        for name in [name for name, value in kept.items() if not value]:
            del kept[name]
        return kept

    # ── Columns ──
    @cached_property
    def all_columns(self):
        """Those that can be chosen: our own, and one for each property that is not; the usual ones first."""
        own = {column.key for column in self.own_columns} | {"name"}
        of_properties = [
            Column(f"p.{prop.key}", prop.label, prop, numeric=prop.type in {"number", "money"})
            for prop in self.props.values()
            if not (prop.built_in and prop.key in own)
        ]
        usual = {key: at for at, key in enumerate(self.default_columns)}
        return sorted([*self.own_columns, *of_properties], key=lambda c: usual.get(c.key, len(usual)))

    @cached_property
    def columns(self):
        chosen = self.params.getlist("col") or self.default_columns
        known = {column.key: column for column in self.all_columns}
        return [known[key] for key in dict.fromkeys(chosen) if key in known][:COLUMN_LIMIT]

    @property
    def column_choices(self):
        chosen = {column.key for column in self.columns}
        return [(column, column.key in chosen) for column in self.all_columns]

    # ── Filters ──
    @cached_property
    def filters(self):
        """Our own, then one for each choice and each yes or no; the built-in ones come first."""
        choosable = [p for p in self.props.values() if p.has_options or p.type == "boolean"]
        choosable.sort(key=lambda prop: not prop.built_in)
        return [*self._own_filters(), *(self._property_filter(prop) for prop in choosable)]

    @property
    def main_filters(self):
        return [f for f in self.filters if f.chosen or not f.name.startswith("p.") or self._is_built_in(f)]

    @property
    def more_filters(self):
        return [f for f in self.filters if f not in self.main_filters]

    @property
    def is_filtered(self):
        return bool(self.q or any(f.chosen for f in self.filters))

    def _is_built_in(self, chosen):
        return self.props[chosen.name.removeprefix("p.")].built_in

    def _own_filters(self):
        return []

    def _filter(self, name, label, options, any_words=None):
        return Filter(name, label, any_words or f"Any {label.lower()}", options, self.params.get(name, ""))

    def _property_filter(self, prop):
        options = [(option["value"], option["label"]) for option in prop.options]
        if prop.type == "boolean":
            options = [("true", f"{prop.label}: yes"), ("false", f"{prop.label}: no")]
        return self._filter(f"p.{prop.key}", prop.label, [*options, (BLANK, f"No {prop.label.lower()}")])

    def _has(self, prop, value):
        number = str(prop.number)
        if value == BLANK:
            return ~Q(norm__has_key=number)
        if prop.type == "boolean":
            return Q(norm__contains={number: value == "true"})
        return Q(norm__contains={number: [value] if prop.type == "multi_choice" else value})

    # ── Rows ──
    # What a level brings along.
    def base(self):
        raise NotImplementedError

    def matching(self, words):
        raise NotImplementedError

    def own_condition(self, name, value):
        raise NotImplementedError

    def own_cell(self, column, record):
        raise NotImplementedError

    def filtered(self):
        rows = self.base()
        if self.q:
            rows = rows.filter(self.matching(self.q))
        for chosen in self.filters:
            if chosen.chosen and chosen.name.startswith("p."):
                rows = rows.filter(self._has(self.props[chosen.name[2:]], chosen.value))
            elif chosen.chosen:
                rows = rows.filter(self.own_condition(chosen.name, chosen.value))
        return rows

    def ordered(self):
        return self.filtered().order_by(*self._order(), Lower("name"), "pk")

    @cached_property
    def sort(self):
        """The sort that holds, as in the address: a column's key, with a minus where it descends."""
        asked = self.params.get("sort", "name")
        known = {"name", *(column.key for column in self.all_columns if column.sortable)}
        return asked if asked.removeprefix("-") in known else "name"

    def _order(self):
        key = self.sort.removeprefix("-")
        expression = self._property_order(key[2:]) if key.startswith("p.") else self.own_order(key)
        descends = self.sort.startswith("-")
        return [expression.desc(nulls_last=True) if descends else expression.asc(nulls_last=True)]

    def own_order(self, key):
        return {"name": Lower("name")}.get(key) or F(key)

    def _property_order(self, key):
        prop = self.props[key]
        number = Value(str(prop.number))
        if prop.type == "choice":
            # In the order of the options, which is the order that people know.
            values = Value([option["value"] for option in prop.options], output_field=ArrayField(TextField()))
            held = Func(F("norm"), number, function="jsonb_extract_path_text", output_field=TextField())
            return Func(values, held, function="array_position")
        path = [number, Value("a")] if prop.type == "money" else [number]
        return Func(F("norm"), *path, function="jsonb_extract_path")

    @cached_property
    def page(self):
        return Paginator(self.ordered(), PER_PAGE).get_page(self.params.get("page"))

    @cached_property
    def total(self):
        return self.base().count() if self.is_filtered else self.page.paginator.count

    @property
    def rows(self):
        """(record, its cells) for the records of the page."""
        records = list(self.page)
        self.prepare(records)
        return [(record, [self.cell(column, record) for column in self.columns]) for record in records]

    def prepare(self, records):
        """What the cells of a page need, in one query."""

    def cell(self, column, record):
        if column.prop:
            return Cell(column, self.display.brief(column.prop, record.value(column.prop)))
        return self.own_cell(column, record)
