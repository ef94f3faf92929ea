"""What a subject is in: an exception if one holds, else what the rule says, else what is held."""

from collections.abc import Collection, Mapping
from datetime import datetime

from segments.rules.moments import instant, stamp

# By number of segment: {"in": true, "until": "<UTC>", "reason": "…"}; the reason is for the history of its end.
Exceptions = Mapping[str, dict]


def holds(exception: dict, at: datetime) -> bool:
    until = exception.get("until")
    return until is None or until > stamp(at)


def first_end(exceptions: Exceptions) -> datetime | None:
    """The instant at which the next of them ends."""
    ends = [exception["until"] for exception in exceptions.values() if "until" in exception]
    return instant(min(ends)) if ends else None


def decide(
    ruled: set[int],
    candidates: Collection[int],
    *,
    builds_of: Mapping[int, frozenset[int]],
    exceptions: Exceptions,
    held: Collection[int],
    at: datetime,
) -> set[int]:
    """Of the candidates, those that the subject is in. `builds_of`: the deciding builds by number of segment."""
    inside = ruled
    for number in held:
        inside = inside | builds_of.get(number, frozenset()).intersection(candidates)
    for key, exception in exceptions.items():
        if holds(exception, at):
            builds = builds_of.get(int(key), frozenset()).intersection(candidates)
            inside = inside | builds if exception["in"] else inside - builds
    return inside
