"""The shape of a rule: groups and conditions, and how to walk them.

A tree is JSON: {"v": 1, "object": "contact", "zone": "workspace", "root": group}. A group is
{"op": "all|any|none", "items": […]}, a condition {"p": number, "of": "self|partner", "op": …, "v": …,
"unknown": "include|exclude"}. Beside properties, which have numbers, "p" may name what else is known: "segments",
"did:signed_in", "records:quotes" (then "where" may hold a group about the records), "chance", "everyone".
A path is the indexes from the root: () is the root, (0, 2) the third item of its first.
"""

import json
from collections.abc import Iterator

VERSION = 1
GROUP_OPERATORS = ("all", "any", "none")
MAX_DEPTH = 8
MAX_CONDITIONS = 250
MAX_VALUES = 1000
MAX_REFERENCES = 5  # how deep segments may ask for segments

type Node = dict
type Path = tuple[int, ...]
type Place = tuple[str, int | str]  # ("self" or "partner", property number or another key of a document)


def new_tree(level: str, *items: Node, op: str = "all") -> Node:
    return {"v": VERSION, "object": level, "zone": "workspace", "root": {"op": op, "items": list(items)}}


def is_group(node: object) -> bool:
    return isinstance(node, dict) and "items" in node


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every node with its path, a group before its items."""
    yield path, node
    if is_group(node):
        for index, item in enumerate(node["items"]):
            yield from walk(item, (*path, index))


def conditions(tree: Node) -> Iterator[tuple[Path, Node]]:
    return ((path, node) for path, node in walk(tree["root"]) if not is_group(node))


def as_bytes(tree: Node) -> bytes:
    """Equal rules in canonical form are equal bytes."""
    return json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def node_at(root: Node, path: Path) -> Node:
    for index in path:
        root = root["items"][index]
    return root


def spell(path: Path) -> str:
    return ".".join(str(index) for index in path)
