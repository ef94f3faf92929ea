"""YAML from anywhere: plain values with the line each stands on. No tags, no anchors, no surprises.

`yes`, `on` and dates stay the text that they are; only true, false, null and numbers mean something else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

LARGEST = 2_000_000  # characters
DEEPEST = 60
MOST_NODES = 200_000
NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\Z")
LONGEST_NUMBER = 40
WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}

type Place = tuple[str | int, ...]


class Unreadable(ValueError):
    """The text is no YAML that is accepted; says why, and on which line."""

    def __init__(self, line: int, message: str):
        super().__init__(f"line {line}: {message}")
        self.line, self.message = line, message


@dataclass
class Document:
    """A value, and on which line each of its parts begins."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """Of the part itself, or of the nearest that is there around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read(text: str) -> list[Document]:
    """The documents of a text; raises Unreadable."""
    if len(text) > LARGEST:
        raise Unreadable(1, f"A file holds at most {LARGEST:,} characters.")
    try:
        return [
            found for found in _documents(yaml.parse(text, Loader=yaml.SafeLoader)) if found.value is not None
        ]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Unreadable(mark.line + 1 if mark else 1, f"{error.problem or 'not YAML'}.") from None
    except yaml.YAMLError as error:
        raise Unreadable(1, f"This is not YAML: {str(error).splitlines()[0]}") from None


@dataclass
class _Open:
    """A mapping or list that is being read."""

    value: Any
    place: Place
    key: str | None = None


def _documents(events: Iterator[Any]) -> Iterator[Document]:
    """Without recursion: how deep a text goes is known before anything is built."""
    document = Document()
    stack: list[_Open] = []
    for number, event in enumerate(events):
        line = event.start_mark.line + 1
        _refuse(event, line, number, len(stack))
        if isinstance(event, yaml.DocumentStartEvent):
            document, stack = Document(), []
        elif isinstance(event, yaml.DocumentEndEvent):
            yield document
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            stack.append(_Open(value, _put(document, stack, value, line)))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
        elif isinstance(event, yaml.ScalarEvent):
            _scalar(document, stack, event, line)


def _refuse(event: Any, line: int, number: int, depth: int) -> None:
    if number > MOST_NODES:
        raise Unreadable(line, f"A file holds at most {MOST_NODES:,} values.")
    if depth > DEEPEST:
        raise Unreadable(line, f"Values nest at most {DEEPEST} deep.")
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise Unreadable(line, "Anchors and aliases are not accepted. Write the value out.")
    if getattr(event, "tag", None) is not None:
        raise Unreadable(line, "Tags are not accepted.")


def _scalar(document: Document, stack: list[_Open], event: Any, line: int) -> None:
    top = stack[-1] if stack else None
    if top and isinstance(top.value, dict) and top.key is None:
        if event.value in top.value:
            raise Unreadable(line, f"“{event.value[:60]}” is there twice.")
        top.key = event.value
        return
    _put(document, stack, _plain(event.value, line) if event.implicit[0] else event.value, line)


def _put(document: Document, stack: list[_Open], value: Any, line: int) -> Place:
    """Into what is open; returns its place."""
    place: Place = ()
    if not stack:
        document.value = value
    elif isinstance(stack[-1].value, list):
        place = (*stack[-1].place, len(stack[-1].value))
        stack[-1].value.append(value)
    elif stack[-1].key is None:
        raise Unreadable(line, "A name must be plain text.")
    else:
        place = (*stack[-1].place, stack[-1].key)
        stack[-1].value[stack[-1].key], stack[-1].key = value, None
    document.lines[place] = line
    return place


def _plain(text: str, line: int) -> Any:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if not NUMBER.match(text):
        return text
    if len(text) > LONGEST_NUMBER:
        raise Unreadable(line, "This number is too long. Put quotes around text.")
    return float(text) if set(text) & set(".eE") else int(text)
