"""What to do about one field of one record: both sides against what they last agreed on. Pure functions."""

from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    NOTHING = "nothing"  # the CRM's value is the agreed one: an echo, or a change of another field
    AGREE = "agree"  # both sides hold the same by now: remember that
    TAKE = "take"  # only the CRM changed
    OVERRULE = "overrule"  # both changed, differently: the CRM wins, and the editor is told
    SEND = "send"  # the CRM is empty where we never agreed on anything: give it ours


def on_arrival(*, theirs: str, ours: Any, ours_as_theirs: str, agreed: dict | None) -> Decision:
    """The CRM's value was read. `ours_as_theirs` is our value as the CRM would write it."""
    if agreed is not None and theirs == agreed["crm"]:
        return Decision.NOTHING
    if theirs == ours_as_theirs:
        return Decision.AGREE
    if agreed is None:
        return Decision.SEND if theirs == "" else Decision.TAKE
    return Decision.TAKE if ours == agreed["ours"] else Decision.OVERRULE


def on_departure(*, theirs: str, value_as_theirs: str, agreed: dict | None) -> Decision:
    """A value of ours is about to be written, and the CRM's was read just before."""
    if theirs == value_as_theirs:
        return Decision.AGREE
    if agreed is not None and theirs != agreed["crm"]:
        return Decision.OVERRULE
    return Decision.SEND
