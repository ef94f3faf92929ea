"""From a valid rule to an expression: what every condition asks of which column.

A rule about partners that a rule about contacts refers to is read from the contact's side: what it calls "self"
is the contact's partner.
"""

import json
from collections.abc import Callable
from dataclasses import replace

from segments.rules.expressions import (
    ALWAYS,
    NEVER,
    Atom,
    Column,
    Expression,
    Fact,
    Group,
    Shared,
    Watch,
    atoms,
)
from segments.rules.fields import (
    ACTIVITY,
    CHANCE,
    CONSTANT,
    RECORDS,
    SEGMENTS,
    TEXT_TYPES,
    Field,
    Fields,
    Referenced,
)
from segments.rules.operators import Operator, named
from segments.rules.text import fold, tidy
from segments.rules.tree import MAX_REFERENCES, Node, is_group
from segments.rules.versions import version
from segments.rules.windows import Anniversary, Window, crossings, window

SHARES = 2**32  # equal parts of a random share
_READS = {"raw": "r", "length": "r", "time": "t"}
_THROUGH = {"length": "length", "version": "version", "day": "day"}


def lower(tree: Node, fields: Fields) -> Expression:
    """The expression of a valid tree."""
    return _Lowering(fields, at_partner=tree["object"] != fields.level).node(tree["root"])


class _Lowering:
    def __init__(self, fields: Fields, *, at_partner: bool = False, within: tuple = ()):
        self._fields = fields
        self._at_partner = at_partner
        self._within = within  # the segments whose rules are being read, for the depth and against circles

    def node(self, node: Node) -> Expression:
        if not is_group(node):
            return self.leaf(node)
        return Group(node["op"], tuple(self.node(item) for item in node["items"]))

    def leaf(self, leaf: Node) -> Expression:
        of = "partner" if self._at_partner else leaf["of"]
        field = self._fields[of, leaf["p"]]
        chosen = named(field.type, leaf["op"])
        special = _SPECIAL.get(field.type)
        if special is not None:
            return special(self, leaf, field, chosen)
        if chosen.reads == "history":
            return self._history(leaf, field, chosen)
        if chosen.takes == "field":
            return self._comparison(leaf, field, chosen)
        return self._property(leaf, field, chosen)

    def _property(self, leaf: Node, field: Field, chosen: Operator) -> Atom:
        value = leaf.get("v")
        kind = field.type if chosen.reads != "time" else "datetime"
        column = Column(
            of=field.of,
            key=_READS.get(chosen.reads, "") + str(field.number),
            type="number" if chosen.reads == "length" else kind,
            currency=_currency(value) if kind == "money" else None,
            through=_THROUGH.get(chosen.reads, ""),
        )
        return Atom(
            column=column,
            test=chosen.test,
            value=constant(chosen, kind, value, self._fields),
            negative=chosen.negative,
            blank_counts=_blank_counts(leaf, chosen),
        )

    def _comparison(self, leaf: Node, field: Field, chosen: Operator) -> Expression:
        """With another property. Amounts in two currencies are no more comparable than one that is blank."""
        of = "partner" if self._at_partner else leaf["v"]["of"]
        other = self._fields[of, leaf["v"]["p"]]
        one, two = (Column(each.of, str(each.number), each.type) for each in (field, other))
        blank = _blank_counts(leaf, chosen)
        compared = Atom(one, chosen.test, two, chosen.negative, blank)
        if field.type != "money" or blank == chosen.negative:
            return compared
        if blank:
            return Group(
                "any", (compared, Atom(one, "field_currency", two, negative=True, blank_counts=True))
            )
        return Group("all", (compared, Atom(one, "field_currency", two)))

    def _history(self, leaf: Node, field: Field, chosen: Operator) -> Atom:
        """Kept as the instant of the first time, or of the latest passage from one value to another."""
        value, within = leaf.get("v"), None
        if chosen.test == "transition":
            value = {end: several for end, several in leaf["v"].items() if end != "within"}
            within = leaf["v"].get("within")
        asked = {"p": field.number, "op": chosen.name.replace("never", "ever"), "v": value}
        column = _fact_column("history", asked, field.of, "datetime")
        if within is None:
            return Atom(column, "known", negative=chosen.negative)
        return Atom(column, "window", _lately(within))

    def _first_or_last(self, leaf: Node, field: Field, chosen: Operator) -> Atom:
        value = leaf["v"]
        asked = {"kind": field.key, "what": value.get("what", "")}
        if chosen.name == "first_within":
            when = _lately(value["within"])
        else:
            name = "before" if chosen.name.endswith("before") else "on_or_after"
            when = window(name, value["day"], of_days=False)
        if chosen.name.startswith("last"):
            return Atom(_fact_column("activity", asked, field.of, "instants", index=0), "window", when)
        return Atom(_fact_column("activity", asked | {"first": True}, field.of, "datetime"), "window", when)

    def _activity(self, leaf: Node, field: Field, chosen: Operator) -> Expression:
        """The newest instants are kept, so "at least n" asks where the n-th newest lies."""
        if chosen.test == "first_or_last":
            return self._first_or_last(leaf, field, chosen)
        value = leaf.get("v") or {}
        times = value.get("n", 1)
        asked = {"kind": field.key, "what": value.get("what", "")}
        within = _lately(value["within"]) if value.get("within") else None

        def at_least(count: int, *, negative: bool = False) -> Atom:
            column = _fact_column("activity", asked, field.of, "instants", index=count - 1)
            if within is None:
                return Atom(column, "known", negative=negative)
            return Atom(column, "window", within, negative=negative, blank_counts=negative)

        match chosen.name:
            case "at_least":
                return at_least(times)
            case "at_most":
                return at_least(times + 1, negative=True)
            case "never":
                return at_least(1, negative=True)
            case _:
                return Group("all", (at_least(times), at_least(times + 1, negative=True)))

    def _records(self, leaf: Node, field: Field, chosen: Operator) -> Expression:
        asked = {"records": field.key, "where": leaf.get("where")}
        watches = self._watches(leaf, field)
        if chosen.test == "measure":
            return self._measure(leaf, field, chosen, asked, watches)
        if chosen.test == "all":
            column = _fact_column("records", asked | {"take": "all"}, field.of, "boolean", watches=watches)
            return Atom(column, "yes", blank_counts=chosen.name == "all_or_none")
        column = _fact_column("records", asked | {"take": "count"}, field.of, "number", watches=watches)
        count = leaf.get("v", 1)
        match chosen.name:
            case "none":
                return Atom(column, "gte", 1, negative=True, blank_counts=True)
            case "at_most":
                return Atom(column, "gt", count, negative=True, blank_counts=True)
            case "exactly":
                return Atom(column, "any_of", (count,), blank_counts=count == 0)
            case _:
                return Atom(column, "gte", count)

    def _watches(self, leaf: Node, field: Field) -> tuple[Watch, ...]:
        """Which values of the records time alone may bring over a bound of the conditions on them."""
        if not leaf.get("where"):
            return ()
        timed = [atom for atom in atoms(where(leaf["where"], self._fields.records[field.key])) if atom.timed]
        found = [
            Watch(replace(atom.column, through=""), one) for atom in timed for one in crossings(atom.value)
        ]
        return tuple(dict.fromkeys(found))

    def _measure(
        self, leaf: Node, field: Field, chosen: Operator, asked: dict, watches: tuple[Watch, ...]
    ) -> Atom:
        value = leaf["v"]
        inner_fields = self._fields.records[field.key]
        measured = inner_fields["self", value["p"]]
        inner = named(measured.type, value["op"])
        currency = _currency(value.get("v")) if measured.type == "money" else None
        spec = asked | {"take": chosen.name, "p": value["p"], "currency": currency}
        kind = "number" if measured.type == "money" else measured.type
        return Atom(
            column=_fact_column(
                "records", spec, field.of, kind, through=_THROUGH.get(inner.reads, ""), watches=watches
            ),
            test=inner.test,
            value=constant(inner, measured.type, value.get("v"), inner_fields),
            negative=inner.negative,
            blank_counts=_blank_counts(value, inner),
        )

    def _segments(self, leaf: Node, field: Field, chosen: Operator) -> Expression:
        if chosen.test == "excepted":
            test = "yes" if chosen.name == "always_in" else "no"
            found = [self._fields.segments.get(one) for one in leaf["v"]]
            columns = [
                Column(field.of, f"x{one.number}", "boolean")
                for one in found
                if one and one.build is not None
            ]
            return Group("any", tuple(Atom(column, test) for column in columns))
        verdicts = tuple(self._segment(one, field.of) for one in leaf["v"])
        op = {"in_any": "any", "in_all": "all", "in_none": "none"}[chosen.name]
        return Group(op, verdicts)

    def _segment(self, segment_id: str, of: str) -> Expression:
        """The verdict of the segment. One that decides nothing has nobody in it."""
        found = self._fields.segments.get(segment_id)
        if found is None or found.build is None:
            return NEVER
        if found.tree is None:
            return Atom(Column(of, f"b{found.build}", "boolean"), "yes")
        if segment_id in self._within or len(self._within) >= MAX_REFERENCES:
            return NEVER
        rule = self._rule(found, of)
        return Shared((found.build, of), _with_exceptions(rule, found.number, of))

    def _rule(self, found: Referenced, of: str) -> Expression:
        inner = _Lowering(
            self._fields,
            at_partner=self._at_partner or (of == "partner" and found.level == "partner"),
            within=(*self._within, found.id),
        )
        return inner.node(found.tree["root"])

    def _chance(self, leaf: Node, field: Field, chosen: Operator) -> Atom:
        value = leaf["v"]
        below = round(value["percent"] * SHARES / 100)
        return Atom(Column(field.of, "id", "text"), "below", (value["salt"], below))

    def _everyone(self, leaf: Node, field: Field, chosen: Operator) -> Expression:
        return NEVER if chosen.negative else ALWAYS


_SPECIAL: dict[str, Callable] = {
    SEGMENTS: _Lowering._segments,
    ACTIVITY: _Lowering._activity,
    RECORDS: _Lowering._records,
    CHANCE: _Lowering._chance,
    CONSTANT: _Lowering._everyone,
}


def _blank_counts(leaf: Node, chosen: Operator) -> bool:
    blank = leaf.get("unknown", "include" if chosen.negative else "exclude")
    return chosen.asks_about_blank and blank == "include"


def _with_exceptions(rule: Expression, number: int, of: str) -> Expression:
    """An exception decides where there is one; else the rule, or being held."""
    exception = Column(of, f"x{number}", "boolean")
    held = Atom(Column(of, f"h{number}", "boolean"), "yes")
    not_barred = Atom(exception, "no", negative=True, blank_counts=True)
    return Group("any", (Atom(exception, "yes"), Group("all", (not_barred, Group("any", (rule, held))))))


def where(group: Node, fields: Fields) -> Expression:
    """The conditions on related records, of which `fields` are known."""
    return _Lowering(fields).node(group)


def _fact_column(
    kind: str,
    spec: dict,
    of: str,
    type: str,
    *,
    index: int | None = None,
    through: str = "",
    watches: tuple[Watch, ...] = (),
) -> Column:
    asked = json.dumps(spec, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    fact = Fact(kind, asked, watches)
    return Column(of, fact.key, type, index=index, through=through, fact=fact)


def _lately(span: dict) -> Window:
    return window("within_last", span, of_days=False)


def _currency(value) -> str | None:
    first = value[0] if isinstance(value, list) else value
    return first["c"] if first else None


def _plain(value):
    """An amount without its currency; a number is one."""
    return value["a"] if isinstance(value, dict) else value


def constant(chosen: Operator, kind: str, value, fields: Fields):
    """The value of a condition as the compilers want it: folded, hashable."""
    if chosen.test == "window":
        return window(chosen.name, value, of_days=kind == "date", calendar=fields.calendar)
    if chosen.test == "anniversary":
        return Anniversary(value)
    if chosen.test == "mod":
        return (value["d"], value["r"])
    if chosen.test == "between":
        low, high, *open_ends = value
        return (_plain(low), _plain(high), *(open_ends or [""]))
    if chosen.reads == "version":
        key = version(value)
        return (key,) if chosen.test == "any_of" else key
    if kind == "money":
        value = _plain(value)
    if kind in TEXT_TYPES and value is not None and not isinstance(value, int):
        clean = tidy if chosen.reads == "raw" or chosen.test == "regex" else fold
        value = [clean(one) for one in value] if isinstance(value, list) else clean(value)
    if chosen.test in {"any_of", "contains_any"} and not isinstance(value, list):
        value = [value]
    return tuple(value) if isinstance(value, list) else value
