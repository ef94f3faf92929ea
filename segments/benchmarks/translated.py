"""Simple rules in the languages of other engines. A value that is missing fits no condition, in all of them."""

import json
from functools import reduce
from operator import and_, or_

from django.db.models import F, FloatField, Func, Q, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import (
    Contains,
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    LessThanOrEqual,
)

ORDER = {"gte": GreaterThanOrEqual, "gt": GreaterThan, "lte": LessThanOrEqual}
SIGNS = {"gte": ">=", "gt": ">", "lte": "<="}
FLAGSMITH_SIGNS = {"gte": "GREATER_THAN_INCLUSIVE", "gt": "GREATER_THAN", "lte": "LESS_THAN_INCLUSIVE"}


def name(leaf: dict) -> str:
    """Of a property, as the others are given it."""
    return f"{'p' if leaf['of'] == 'partner' else 'c'}{leaf['p']}"


def flagsmith(node: dict) -> dict:
    """A group that has both conditions and rules asks for both, so each condition becomes a rule of its own."""
    if "items" not in node:
        return {"type": "ALL", "conditions": [_flagsmith_leaf(node)], "rules": []}
    kind = "ALL" if node["op"] == "all" else "ANY"
    if all("items" not in item for item in node["items"]):
        return {"type": kind, "conditions": [_flagsmith_leaf(item) for item in node["items"]], "rules": []}
    return {"type": kind, "conditions": [], "rules": [flagsmith(item) for item in node["items"]]}


def _flagsmith_leaf(leaf: dict) -> dict:
    op, value = leaf["op"], leaf.get("v")
    sign, against = {
        "is_any_of": ("IN", json.dumps(value)),
        "contains": ("CONTAINS", value),
        "is_true": ("EQUAL", "true"),
        "is_false": ("EQUAL", "false"),
    }.get(op) or (FLAGSMITH_SIGNS[op], str(value))
    return {"property": name(leaf), "operator": sign, "value": against}


def json_logic(node: dict) -> dict:
    if "items" in node:
        return {"and" if node["op"] == "all" else "or": [json_logic(item) for item in node["items"]]}
    given, op, value = {"var": name(node)}, node["op"], node.get("v")
    match op:
        case "is_any_of":
            return {"in": [given, value]}
        case "contains":
            return {"in": [value, given]}
        case "is_true" | "is_false":
            return {"===": [given, op == "is_true"]}
        case _:
            return {"and": [{"!==": [given, None]}, {SIGNS[op]: [given, value]}]}


def zen(node: dict) -> str:
    if "items" in node:
        return (
            "(" + (" and " if node["op"] == "all" else " or ").join(zen(item) for item in node["items"]) + ")"
        )
    given, op, value = name(node), node["op"], node.get("v")
    match op:
        case "is_any_of":
            return f"({given} in {json.dumps(value)})"
        case "contains":
            return f"({given} != null and contains({given}, {json.dumps(value)}))"
        case "is_true" | "is_false":
            return f"({given} == {'true' if op == 'is_true' else 'false'})"
        case _:
            return f"({given} != null and {given} {SIGNS[op]} {value})"


def queryset(node: dict) -> Q:
    """A key of digits would be a place in a list for Django's own lookups, so the value is asked for by its text."""
    if "items" in node:
        return reduce(and_ if node["op"] == "all" else or_, (queryset(item) for item in node["items"]))
    document = F("partner__norm" if node["of"] == "partner" else "norm")
    given = Func(
        document,
        Value(str(node["p"])),
        arg_joiner=" ->> ",
        template="(%(expressions)s)",
        output_field=TextField(),
    )
    op, value = node["op"], node.get("v")
    match op:
        case "is_any_of":
            return Q(In(given, value))
        case "contains":
            return Q(Contains(given, value))
        case "is_true" | "is_false":
            return Q(Exact(given, "true" if op == "is_true" else "false"))
        case _:
            return Q(ORDER[op](Cast(given, FloatField()), value))
