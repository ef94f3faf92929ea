"""As much of Salesforce's query language as its REST API is mostly asked in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))|(?P<day>\d{4}-\d\d-\d\d)
    |(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|<>|[=<>(),]))""",
    re.VERBOSE,
)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a is not None and b is not None and a < b,
    "<=": lambda a, b: a is not None and b is not None and a <= b,
    ">": lambda a, b: a is not None and b is not None and a > b,
    ">=": lambda a, b: a is not None and b is not None and a >= b,
}
Row = Mapping[str, Any]
Test = Callable[[Row], bool]


class Malformed(ValueError):
    """MALFORMED_QUERY, in Salesforce's words."""


@dataclass
class Query:
    fields: list[str]
    object_name: str
    test: Test
    order: list[tuple[str, bool]] = field(default_factory=list)  # field, descending
    limit: int | None = None
    named: set[str] = field(default_factory=set)  # all fields that the question names


def parse(text: str) -> Query:
    return _Parser(_tokens(text)).query()


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise Malformed(f"unexpected token: '{text[place : place + 10]}'")
        found.append((match.lastgroup or "", match[match.lastgroup or 0]))
        place = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]):
        self.tokens, self.place = tokens, 0
        self.named: set[str] = set()

    def query(self) -> Query:
        self.expect("SELECT")
        fields = [self.name()]
        while self.takes(","):
            fields.append(self.name())
        self.expect("FROM")
        object_name = self.name(named=False)
        test: Test = self.either() if self.takes("WHERE") else lambda row: True
        found = Query(fields, object_name, test)
        if self.takes("ORDER"):
            self.expect("BY")
            found.order.append(self.ordering())
            while self.takes(","):
                found.order.append(self.ordering())
        if self.takes("LIMIT"):
            found.limit = int(self.next()[1])
        if self.place < len(self.tokens):
            raise Malformed(f"unexpected token: '{self.tokens[self.place][1]}'")
        found.named = self.named
        return found

    def either(self) -> Test:
        tests = [self.both()]
        while self.takes("OR"):
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)

    def both(self) -> Test:
        tests = [self.single()]
        while self.takes("AND"):
            tests.append(self.single())
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def single(self) -> Test:
        if self.takes("("):
            test = self.either()
            self.expect(")")
            return test
        if self.takes("NOT"):
            test = self.single()
            return lambda row: not test(row)
        name = self.name()
        if self.takes("IN"):
            self.expect("(")
            values = {self.value()}
            while self.takes(","):
                values.add(self.value())
            self.expect(")")
            return lambda row: row.get(name) in values
        sign = self.next()[1]
        if sign not in COMPARISONS:
            raise Malformed(f"unexpected token: '{sign}'")
        compare, value = COMPARISONS[sign], self.value()
        return lambda row: compare(_plain(row.get(name)), value)

    def ordering(self) -> tuple[str, bool]:
        name = self.name()
        descending = self.takes("DESC")
        self.takes("ASC")
        return name, descending

    def value(self) -> Any:
        kind, text = self.next()
        match kind:
            case "string":
                return re.sub(r"\\(.)", r"\1", text[1:-1])
            case "number":
                return float(text) if "." in text else int(text)
            case "moment":
                return datetime.fromisoformat(text)
            case "day":
                return text
            case "word" if text.lower() in ("true", "false", "null"):
                return {"true": True, "false": False, "null": None}[text.lower()]
        raise Malformed(f"unexpected token: '{text}'")

    def name(self, *, named: bool = True) -> str:
        kind, text = self.next()
        if kind != "word":
            raise Malformed(f"unexpected token: '{text}'")
        if named:
            self.named.add(text)
        return text

    def expect(self, word: str) -> None:
        if not self.takes(word):
            found = self.tokens[self.place][1] if self.place < len(self.tokens) else "<EOF>"
            raise Malformed(f"unexpected token: '{found}', expecting '{word}'")

    def takes(self, word: str) -> bool:
        if self.place < len(self.tokens) and self.tokens[self.place][1].upper() == word:
            self.place += 1
            return True
        return False

    def next(self) -> tuple[str, str]:
        if self.place >= len(self.tokens):
            raise Malformed("unexpected token: '<EOF>'")
        self.place += 1
        return self.tokens[self.place - 1]


def _plain(value: Any) -> Any:
    """Moments are compared as moments, whichever way they are written."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return datetime.fromisoformat(value)
    return value
