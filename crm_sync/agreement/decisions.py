"""What to do about one field of one record: both sides against what they last agreed on. Pure functions."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    NOTHING = "nothing"  # the CRM's value is the agreed one: an echo, or a change of another field
    AGREE = "agree"  # both sides hold the same by now: remember that
    RECOGNISE = "recognise"  # our own earlier value, written but never noted: the newer one follows
    TAKE = "take"  # only the CRM changed
    SEND = "send"  # the CRM has to learn ours, unless it is on its way already
    OVERRULE = "overrule"  # both changed, differently: the CRM's is kept, and the editor is told
    KEEP = "keep"  # both changed, differently: the portal's is kept, and sent


@dataclass(frozen=True)
class Sides:
    """One field as both sides hold it. `ours_as_theirs` is our value as the CRM would write it."""

    theirs: str
    ours: Any
    ours_as_theirs: str
    agreed: dict | None = None
    sent: tuple[str, ...] = ()  # what we may have written since without having noted it
    theirs_later: bool = True  # as far as the clocks tell; a tie is the CRM's
    expressible: bool = True  # whether the CRM could hold ours at all


def merge(sides: Sides, *, direction: str, policy: str) -> Decision:
    """Three-way: who changed since both last held the same?"""
    if sides.theirs == sides.ours_as_theirs:
        agreed = sides.agreed or {}
        known = "crm" in agreed and (agreed["crm"], agreed["ours"]) == (sides.theirs, sides.ours)
        return Decision.NOTHING if known else Decision.AGREE
    if sides.agreed is not None and sides.theirs == sides.agreed["crm"]:
        ours_changed = direction != "in" and sides.ours != sides.agreed["ours"]
        return Decision.SEND if ours_changed else Decision.NOTHING
    if direction == "in":
        return _nothing_from_nothing(sides)
    if direction == "out":
        first = sides.agreed is None and sides.ours is not None
        return Decision.SEND if first else Decision.NOTHING
    if sides.theirs in sides.sent:
        return Decision.RECOGNISE
    if sides.agreed is None:
        return _first_meeting(sides, policy)
    if sides.ours == sides.agreed["ours"]:
        return Decision.TAKE
    return Decision.OVERRULE if theirs_is_kept(sides, policy) else Decision.KEEP


def theirs_is_kept(sides: Sides, policy: str) -> bool:
    return policy == "crm" or (policy == "latest" and sides.theirs_later)


def _nothing_from_nothing(sides: Sides) -> Decision:
    """A field that was always empty over there takes nothing away here."""
    never = sides.agreed is None and sides.theirs == ""
    return Decision.NOTHING if never else Decision.TAKE


def _first_meeting(sides: Sides, policy: str) -> Decision:
    """Nothing was agreed yet: an empty side takes the other's value, whatever the policy."""
    if not sides.expressible:
        return Decision.TAKE if sides.theirs else Decision.NOTHING
    if sides.theirs == "" or (sides.ours is not None and not theirs_is_kept(sides, policy)):
        return Decision.SEND
    return Decision.TAKE


def on_departure(sides: Sides, *, direction: str) -> Decision:
    """A value of ours is about to be written, and the CRM's was read just before.

    Where the CRM's was changed too, the merge under the record's lock decides: OVERRULE stands for that.
    """
    if sides.theirs == sides.ours_as_theirs:
        return Decision.AGREE
    if direction == "out" or sides.agreed is None or sides.theirs in (sides.agreed["crm"], *sides.sent):
        return Decision.SEND
    return Decision.OVERRULE
