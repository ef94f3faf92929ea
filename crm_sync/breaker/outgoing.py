"""What was changed in the portal, on its way to the CRM."""

from collections.abc import Iterable

from crm_sync.breaker.counting import Change, Gate
from crm_sync.mapping import codec

HELD = "So many records were changed here at once that {crm} is not told until somebody decides."


def hold(gate: Gate, plans: Iterable) -> None:
    """Takes out of what is about to be written what has to wait. Runs in a transaction, before the writing."""
    found = {}
    for made in plans:
        for change in made.to_write:
            if counted := _replaces(gate, made, change):
                found[counted] = (made, change)
    for counted in gate.held(found):
        made, change = found[counted]
        made.held[change] = HELD.format(crm=gate.connection)
        del made.to_write[change]


def _replaces(gate: Gate, made, change) -> Change | None:
    """The value of the CRM's whose place it would take, if there is one that both sides had agreed on."""
    mapping = change.mapping
    theirs = codec.same_form(mapping, made.found.values.get(mapping.field, ""))
    if not theirs or mapping.field not in made.link.agreed:
        return None
    try:
        before = codec.from_wire(mapping, theirs, currency=gate.connection.workspace.currency)
    except codec.UnfitValue:
        before = theirs
    agreed = {"crm": theirs, "ours": change.value}
    return Change(made.link, mapping, before=before, after=change.value, agreed=agreed)
