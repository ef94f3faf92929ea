"""The rule language once more, as plainly as it can be said and sharing no code with the compilers.

Dates are date objects here, not text; nothing is compiled, nothing is cached. Slow, and that is its virtue.
"""

import hashlib
from datetime import UTC
from zoneinfo import ZoneInfo

from tests.oracle.values import holds, measured, version, when

NEGATIVE = {
    "neq": "eq",
    "not_in": "in",
    "not_contains": "contains",
    "contains_none": "contains_any",
    "not_contains_word": "contains_word",
    "not_starts_with": "starts_with",
    "not_ends_with": "ends_with",
    "domain_not_in": "domain_in",
    "not_between": "between",
    "is_not_true": "is_true",
    "is_not_false": "is_false",
    "is_none_of": "is_any_of",
    "not_contains_all": "contains_all",
    "is_not_exactly": "is_exactly",
    "not_on": "on",
    "not_within_last": "within_last",
    "not_within_next": "within_next",
    "not_in_period": "in_period",
    "neq_field": "eq_field",
    "not_matches_regex": "matches_regex",
    "not_eq_case": "eq_case",
    "not_changed_within": "changed_within",
    "not_contains_case": "contains_case",
    "not_starts_with_case": "starts_with_case",
    "not_ends_with_case": "ends_with_case",
}
RAW = {"matches_regex", "not_matches_regex", "length_gt", "length_lt"}  # and what minds capitals


class Known:
    """What a workspace knows: types by (side, number), segments by id, the types of records, its calendar."""

    def __init__(self, types, segments, records, week_starts=1, fiscal_year_starts=1):
        self.types, self.segments, self.records = types, segments, records
        self.week_starts, self.fiscal_year_starts = week_starts, fiscal_year_starts


def member(tree, known, own, partner, at, zone):
    """Whether the subject is in. `own` and `partner` hold the documents and everything that is known beside."""
    asking = _Asking(known, {"self": own, "partner": partner}, at.astimezone(UTC), ZoneInfo(zone))
    return asking.node(tree["root"])


class _Asking:
    def __init__(self, known, sides, at, zone):
        self.known, self.sides, self.at, self.zone = known, sides, at, zone
        self.now = at.replace(microsecond=at.microsecond // 1000 * 1000)

    def node(self, node):
        if "items" not in node:
            return self.condition(node)
        verdicts = [self.node(item) for item in node["items"]]
        return {"all": all(verdicts), "any": any(verdicts), "none": not any(verdicts)}[node["op"]]

    def condition(self, leaf):
        side = self.sides[leaf["of"]]
        match str(leaf["p"]).partition(":")[0]:
            case "segments" if leaf["op"] in ("always_in", "never_in"):
                return any(
                    self.exception(one, leaf["of"]) is (leaf["op"] == "always_in") for one in leaf["v"]
                )
            case "segments":
                verdicts = [self.in_segment(one, leaf["of"]) for one in leaf["v"]]
                return {"in_any": any, "in_all": all, "in_none": lambda v: not any(v)}[leaf["op"]](verdicts)
            case "did":
                return self.activity(leaf, side)
            case "records":
                return self.records(leaf, side)
            case "chance":
                salt, percent = leaf["v"]["salt"], leaf["v"]["percent"]
                part = int(hashlib.sha256(f"{salt}:{side['id']}".encode()).hexdigest()[:8], 16)
                return part < round(percent * 2**32 / 100)
            case "everyone":
                return leaf["op"] == "everyone"
        if leaf["op"].startswith(("has_ever", "has_never")) or leaf["op"] == "changed_from_to":
            return self.history(leaf, side)
        if "changed_" in leaf["op"]:
            return self.when_set(leaf, side)
        document = side["raw"] if leaf["op"] in RAW or leaf["op"].endswith("_case") else side["norm"]
        other = (
            self.sides[leaf["v"]["of"]]["norm"].get(str(leaf["v"]["p"]))
            if leaf["op"].endswith("_field")
            else None
        )
        kind = self.known.types[leaf["of"], leaf["p"]]
        return self.of_value(leaf, kind, document.get(str(leaf["p"])), other)

    def of_value(self, leaf, kind, value, other=None):
        op, wanted = leaf["op"], leaf.get("v")
        if op in ("known", "unknown"):
            return (value is not None) == (op == "known")
        if op.endswith("_field"):
            value = None if value is None or other is None else (value, other)
            if kind == "money" and value is not None:
                one, two = value
                value = (one["a"], two["a"]) if one["c"] == two["c"] else None
        elif kind == "money" and value is not None:
            currency = wanted[0]["c"] if isinstance(wanted, list) else wanted["c"]
            value = value["a"] if value["c"] == currency else None
            several = wanted if isinstance(wanted, list) else [wanted]
            plain = [w["a"] if isinstance(w, dict) else w for w in several]
            wanted = plain if isinstance(wanted, list) else plain[0]
        if op.startswith("version") and value is not None:
            value = version(value)
        if value is None:
            return leaf.get("unknown", "include" if op in NEGATIVE else "exclude") == "include"
        return holds(NEGATIVE.get(op, op), kind, value, wanted, self) != (op in NEGATIVE)

    def when_set(self, leaf, side):
        same = {"changed_within": "within_last", "not_changed_within": "not_within_last",
                "changed_before": "before", "changed_after": "after"}  # fmt: skip
        return self.of_value(leaf | {"op": same[leaf["op"]]}, "datetime", side["set_at"].get(str(leaf["p"])))

    def lately(self, stamps, span):
        if span is None:
            return list(stamps)
        return [at for at in stamps if when("within_last", "datetime", at, span, self)]

    def history(self, leaf, side):
        changes = [change for change in side["changes"] if change[0] == leaf["p"]]
        kind, op, wanted = self.known.types[leaf["of"], leaf["p"]], leaf["op"], leaf.get("v")
        if op == "changed_from_to":
            fold = (lambda w: w.casefold()) if kind not in ("choice", "user") else (lambda w: w)
            ends = {end: [fold(w) for w in wanted[end]] for end in ("from", "to") if end in wanted}
            fitting = [at for _, old, new, at in changes
                       if old != new and ("from" not in ends or old in ends["from"]) and ("to" not in ends or new in ends["to"])]  # fmt: skip
            return bool(self.lately(fitting, wanted.get("within")))
        values = [v for _, old, new, _ in changes for v in (old, new)] + [side["norm"].get(str(leaf["p"]))]
        plain = {
            "has_ever_been_true": "is_true", "has_ever_been_false": "is_false", "has_ever_had_all": "contains_all",
            "has_ever_been_exactly": "is_exactly", "has_ever_been_gte": "gte", "has_ever_had": "contains_any",
            "has_ever_contained": "contains_any",
        }  # fmt: skip
        ever = op.replace("never", "ever")
        asked = plain.get(ever) or {"choice": "is_any_of", "user": "is_any_of", "multi_choice": "contains_any",
                                    "date": "on", "datetime": "on"}.get(kind, "in")  # fmt: skip
        held = any(self.of_value({"op": asked, "v": wanted, "unknown": "exclude"}, kind, v) for v in values)
        return held != ("never" in op)

    def activity(self, leaf, side):
        wanted = leaf.get("v") or {}
        stamps = [at for what, at in side["did"] if wanted.get("what", what) == what]
        if leaf["op"].startswith(("first", "last")):
            return self.first_or_last(leaf["op"], wanted, sorted(stamps))
        count = len(self.lately(stamps, wanted.get("within")))
        n = wanted.get("n", 0)
        return {"at_least": count >= n, "at_most": count <= n, "exactly": count == n, "never": count == 0}[
            leaf["op"]
        ]

    def first_or_last(self, op, wanted, stamps):
        if not stamps:
            return False
        at = stamps[0] if op.startswith("first") else stamps[-1]
        if op == "first_within":
            return when("within_last", "datetime", at, wanted["within"], self)
        return when("before" if op.endswith("before") else "on_or_after", "datetime", at, wanted["day"], self)

    def records(self, leaf, side):
        types, rows = self.known.records["quotes"], side["quotes"]
        matching = [row for row in rows if self.matches(leaf.get("where"), types, row)]
        op, wanted = leaf["op"], leaf.get("v")
        match op:
            case "any" | "none":
                return bool(matching) == (op == "any")
            case "all":
                return bool(rows) and len(matching) == len(rows)
            case "all_or_none":
                return len(matching) == len(rows)
            case "at_least":
                return len(matching) >= wanted
            case "at_most":
                return len(matching) <= wanted
            case "exactly":
                return len(matching) == wanted
        return self.measure(op, wanted, types, matching)

    def matches(self, where, types, row):
        if where is None:
            return True
        inner = _Asking(Known(types, {}, {}, self.known.week_starts, self.known.fiscal_year_starts),
                        {"self": {"norm": row, "raw": row}}, self.at, self.zone)  # fmt: skip
        return inner.node(where)

    def measure(self, op, wanted, types, rows):
        kind = types["self", wanted["p"]]
        values = [row[wanted["p"]] for row in rows if wanted["p"] in row]
        if kind == "money" and wanted.get("v") is not None:
            one = wanted["v"][0] if isinstance(wanted["v"], list) else wanted["v"]
            values = [v for v in values if v["c"] == one["c"]]
        value = measured(op, kind, values)
        return self.of_value(wanted, kind, value)

    def exception(self, segment_id, of):
        """True for always, False for never, None for none that holds now."""
        found = self.known.segments[segment_id]
        one = self.sides[of]["exceptions"].get(str(found.number)) if found.build is not None else None
        return one["in"] if one and one.get("until", "~") > _stamp(self.now) else None

    def in_segment(self, segment_id, of):
        found = self.known.segments[segment_id]
        side = self.sides[of]
        if found.build is None:
            return False
        if found.tree is None:
            return segment_id in side["picked"]
        if (exception := self.exception(segment_id, of)) is not None:
            return exception
        if found.number in side["held"]:
            return True
        sides = self.sides if of == "self" else {"self": side, "partner": side}
        if of == "partner":
            types = {
                ("self", number): kind for (s, number), kind in self.known.types.items() if s == "partner"
            }
            known = Known(
                types,
                self.known.segments,
                self.known.records,
                self.known.week_starts,
                self.known.fiscal_year_starts,
            )
            return _Asking(known, sides, self.at, self.zone).node(found.tree["root"])
        return self.node(found.tree["root"])


def _stamp(at):
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
