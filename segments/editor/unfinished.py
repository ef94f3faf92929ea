"""Where the finished part of a rule stands in the whole of it, of which segments.editor.draft.prune takes the rest."""

from collections.abc import Iterator

from segments.rules.tree import Node, Path, is_group


def kept(node: Node, wrong: set[Path], path: Path = (), now: Path = ()) -> Iterator[tuple[Path, Path]]:
    """Of every node that stays: its path in the finished part, and in the whole."""
    yield now, path
    if not is_group(node):
        return
    place = 0
    for index, item in enumerate(node["items"]):
        if _stays(item, wrong, (*path, index)):
            yield from kept(item, wrong, (*path, index), (*now, place))
            place += 1


def _stays(node: Node, wrong: set[Path], path: Path) -> bool:
    """A condition that is right, or a group with one in it."""
    if not is_group(node):
        return path not in wrong
    return any(_stays(item, wrong, (*path, index)) for index, item in enumerate(node["items"]))
