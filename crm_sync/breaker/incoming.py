"""What the CRM changed or deleted, on its way in."""

from collections.abc import Sequence

from crm_sync.agreement.decisions import Decision
from crm_sync.breaker.counting import Change, Gate
from crm_sync.connectors.base import Association
from crm_sync.models import ExternalRecord
from crm_sync.models.records import TIES

HELD = "{crm} changed this for so many records at once that it is held until somebody decides."
LOOSENED = "{crm} took so many records from their companies at once that this is held until somebody decides."
DELETED = "{crm} deleted so many records at once that this is held until somebody decides."


def hold(gate: Gate, outcome, link: ExternalRecord) -> None:
    """Takes out of a merge what has to wait. A first meeting and a filled blank take nothing away."""
    changes = [
        Change(
            link,
            mapping,
            before=outcome.ours[mapping],
            after=outcome.values[mapping],
            agreed={"crm": outcome.theirs[mapping], "ours": outcome.ours[mapping]},
        )
        for mapping in outcome.those(Decision.TAKE, Decision.OVERRULE)
        if mapping.field in link.agreed and outcome.ours[mapping] is not None
    ]
    held = [change.mapping for change in gate.held(changes) if change.mapping] if changes else []
    for mapping in held:
        del outcome.decided[mapping]
        outcome.held[mapping.field] = HELD.format(crm=gate.connection)
    gate.settle(link, [None, *(mapping.pk for mapping in outcome.decided)])


def spoken(companies: Sequence[Association]) -> dict[str, list[str]]:
    """Whom a record belongs to over there, as `agreed` keeps it."""
    return {"companies": sorted(company.external_id for company in companies)}


def holds_removal(gate: Gate, link: ExternalRecord, companies: Sequence[Association]) -> str:
    """Why a record that belongs to nobody over there any more stays with its partner, if it does."""
    agreed = spoken(companies)
    if link.agreed.get(TIES) == agreed:
        return "That was discarded here."
    linked = link.state == ExternalRecord.State.LINKED
    held = linked and bool(gate.held([Change(link, None, before=True, agreed=agreed)]))
    return LOOSENED.format(crm=gate.connection) if held else ""


def holds_deletion(gate: Gate, link: ExternalRecord) -> bool:
    linked = link.state == ExternalRecord.State.LINKED
    return linked and bool(gate.held([Change(link, None, before=True)]))
