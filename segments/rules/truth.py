"""Whether a rule can hold at all, and whether it can fail: proven, or taken to be possible."""

from segments.rules.cells import Cell, cells
from segments.rules.expressions import Atom, Expression, Shared

MOST_TRIED = 1500


def can_hold(expression: Expression, zone: str) -> bool:
    """False only where no value of anything makes it hold."""
    return _Search(expression, zone).can_be(wanted=True)


def can_fail(expression: Expression, zone: str) -> bool:
    """False only where every value of everything makes it hold."""
    return _Search(expression, zone).can_be(wanted=False)


class _Search:
    def __init__(self, expression: Expression, zone: str):
        self._expression = expression
        self._cells = cells(expression, zone)
        self._tried = 0

    def can_be(self, *, wanted: bool) -> bool:
        """First one value at a time, which finds most; then several together, as long as that is quick."""
        self._tried = 0
        for of_one in self._cells:
            if all(said(self._expression, cell) is (not wanted) for cell in of_one):
                return False
        return self._some(0, {}, wanted)

    def _some(self, at: int, settled: Cell, wanted: bool) -> bool:
        self._tried += 1
        found = said(self._expression, settled)
        if found is not None:
            return found is wanted
        if at == len(self._cells) or self._tried > MOST_TRIED:
            return True
        return any(self._some(at + 1, settled | cell, wanted) for cell in self._cells[at])


def said(node: Expression, settled: Cell) -> bool | None:
    """What a rule says while some of its tests are open; None where that depends on them."""
    if isinstance(node, Atom):
        return settled.get(node)
    if isinstance(node, Shared):
        return said(node.rule, settled)
    found = {said(item, settled) for item in node.items}
    if node.op == "all":
        return False if False in found else (None if None in found else True)
    some = True if True in found else (None if None in found else False)
    return some if node.op == "any" or some is None else not some
