"""Many rules as a large workspace has them: one to eight conditions, many about dates and partners."""

import random
from collections.abc import Iterator, Mapping

from segments.rules.tree import Node, new_tree

PARTNER_LEVEL = 10  # one segment of so many is about partners
TIMED = 0.35  # of the segments ask for a date relative to today
WORDS = ["alpha", "cloud", "data", "deal", "portal", "meeting", "north"]


def many(count: int, properties: Mapping[str, list]) -> Iterator[tuple[str, Node]]:
    r = random.Random(11)  # noqa: S311 the same every time
    for n in range(count):
        level = "partner" if n % PARTNER_LEVEL == 0 else "contact"
        yield level, rule(r, level, properties)


def rule(r: random.Random, level: str, properties: Mapping[str, list]) -> Node:
    items = [
        _condition(r, level, properties) for _ in range(r.choices(range(1, 8), [3, 5, 6, 4, 2, 1, 1])[0])
    ]
    if r.random() < TIMED:
        items.append(_timed(r, level, properties))
    if len(items) > 3:
        half = len(items) // 2
        items = [{"op": "any", "items": items[:half]}, *items[half:]]
    return new_tree(level, *items, op=r.choices(["all", "any"], [8, 1])[0])


def _condition(r: random.Random, level: str, properties: Mapping[str, list]) -> Node:
    of_partner = level == "contact" and r.random() < 0.3
    several = properties["partner" if of_partner else level]
    weights = [1 / (place + 1) ** 0.6 for place in range(len(several))]
    prop = r.choices(sorted(several, key=lambda p: p.number * 7919 % 101), weights)[0]
    op, value = _test(r, prop)
    leaf = {"p": prop.number, "of": "partner" if of_partner else "self", "op": op}
    return leaf | ({} if value is None else {"v": value})


def _test(r: random.Random, prop) -> tuple[str, object]:
    if r.random() < 0.04:
        return r.choice(["known", "unknown"]), None
    options = [option["value"] for option in prop.options]
    match prop.type:
        case "choice":
            return r.choices(["is_any_of", "is_none_of"], [8, 1])[0], _some(r, options, 4)
        case "multi_choice":
            return r.choices(["contains_any", "contains_all", "contains_none"], [5, 3, 1])[0], _some(
                r, options, 3
            )
        case "number":
            return r.choice(["gte", "lte", "gt"]), r.choice([1, 2, 5, 10, 30, 60, 90])
        case "boolean":
            return r.choice(["is_true", "is_false"]), None
        case "date" | "datetime":
            return r.choice(["before", "after"]), f"202{r.randint(1, 6)}-0{r.randint(1, 9)}-15"
        case "email":
            return "domain_in", [f"corp{r.randrange(3000)}.example" for _ in range(5)]
        case _:
            return r.choices(["contains", "starts_with", "not_contains"], [5, 3, 1])[0], r.choice(
                [*WORDS, "city 1"]
            )


def _some(r: random.Random, options: list, most: int) -> list:
    return sorted(r.sample(options, r.randint(1, max(1, min(most, len(options) // 2)))))


def _timed(r: random.Random, level: str, properties: Mapping[str, list]) -> Node:
    prop = r.choice([prop for prop in properties[level] if prop.type in {"date", "datetime"}])
    op = r.choice(["within_last", "within_last", "more_than_ago"])
    unit = "hour" if prop.type == "datetime" and r.random() < 0.2 else "day"
    n = r.choice([1, 7, 14, 30, 60, 90, 180])
    return {"p": prop.number, "of": "self", "op": op, "v": {"n": n, "unit": unit}}
