"""What generated rules call, and nothing else: they see no builtins."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any

import re2

from segments.rules.expressions import Column
from segments.rules.moments import local_day
from segments.rules.text import words
from segments.rules.versions import version

PLACES = 1 << 40  # from here on an integer of the source stands for a constant; all others are far below


def build(source: str, constants: Sequence = ()) -> Callable:
    """The function `run` of generated source, which holds fixed text and integers only."""
    names: dict[str, Any] = {"__builtins__": {}, **NAMES}
    exec(compile(source, "<segments>", "exec"), names)  # noqa: S102 see above
    run = names["run"]
    run.__code__ = run.__code__.replace(
        co_consts=tuple(_constant(one, constants) for one in run.__code__.co_consts)
    )
    return run


def _constant(one: Any, constants: Sequence) -> Any:
    return constants[one - PLACES] if type(one) is int and one >= PLACES else one


def weekday(text: str) -> int:
    return date.fromisoformat(text).isoweekday()


def day(text: str, zone: str) -> str:
    """The calendar day of a stored instant in the zone."""
    return local_day(text, zone).isoformat()


def share(salt: str, subject: str) -> int:
    """Where a subject stands among 2**32 parts: always the same for one salt, and spread evenly."""
    return int.from_bytes(sha256(f"{salt}:{subject}".encode()).digest()[:4])


@lru_cache(maxsize=1000)
def pattern(text: str) -> Callable[[str], Any]:
    """Finds the pattern anywhere in a text, whatever the case of its letters; in linear time."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(text, options).search


def value_of(document: Mapping, column: Column, zone: str) -> Any:
    """The value as the tests of a column see it, outside of generated functions."""
    value = document.get(column.key)
    if value is None:
        return None
    if column.index is not None:
        return value[column.index] if len(value) > column.index else None
    if column.currency is not None:
        return value["a"] if value["c"] == column.currency else None
    return {
        "day": lambda: day(value, zone),
        "length": lambda: len(value),
        "version": lambda: version(value),
    }.get(column.through, lambda: value)()


def find(search: Callable[[str], Any], text: str) -> Any:
    return search(text)


NAMES = {
    "size": len,
    "words": words,
    "weekday": weekday,
    "day": day,
    "version": version,
    "share": share,
    "find": find,
}
