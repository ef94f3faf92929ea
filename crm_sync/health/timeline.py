"""Everything that happened to one link, newest first: from where, by whom, and why something was left alone."""

from dataclasses import dataclass
from datetime import datetime

from crm_sync.models import AuditEntry, Conflict, ExternalRecord, InboxEvent, OutboxChange
from crm_sync.models.queues import REFRESH, in_words
from workspaces.models import PropertyChange

A_PAGE = 100
KEPT: dict[str, str] = {Conflict.Kept.CRM: "{crm}’s value", Conflict.Kept.PORTAL: "the portal’s value"}


@dataclass(frozen=True)
class Entry:
    at: datetime
    way: str  # in | out | here | conflict | audit
    what: str
    told: str = ""
    by: str = ""
    state: str = ""
    state_words: str = ""

    def get_state_display(self) -> str:
        """As the rows say it that have states of their own."""
        return self.state_words


def of(link: ExternalRecord) -> list[Entry]:
    entries = [*_changes(link), *_sent(link), *_left_alone(link), *_conflicts(link), *_audit(link)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:A_PAGE]


def _changes(link):
    record_id = link.record_id
    rows = PropertyChange.objects.filter(record_id=record_id).select_related("prop").order_by("-at")[:A_PAGE]
    for row in rows:
        old, new = in_words(row.prop, row.old) or "empty", in_words(row.prop, row.new) or "empty"
        way = "in" if row.actor_kind == "crm" else "here"
        yield Entry(row.at, way, str(row.prop), f"{old} → {new}", row.actor_label)


def _sent(link):
    rows = OutboxChange.objects.filter(link=link).select_related("mapping__prop").order_by("-created_at")
    for row in rows[:A_PAGE]:
        told = row.message or row.shown or "emptied"
        at = row.finished_at or row.created_at
        words = row.get_state_display()
        yield Entry(at, "out", str(row.mapping.prop), told, row.edited_by, row.state, words)


def _left_alone(link):
    rows = InboxEvent.objects.filter(
        connection_id=link.connection_id, object_type=link.object_type, external_id=link.external_id
    ).exclude(state="done")
    for row in rows.exclude(kind=REFRESH, state="done").defer("raw").order_by("-received_at")[:A_PAGE]:
        what = row.property or row.happening()
        yield Entry(row.received_at, "in", what, row.reason, "", row.state, row.get_state_display())


def _conflicts(link):
    rows = Conflict.objects.filter(link=link).select_related("mapping__prop").order_by("-at")[:A_PAGE]
    for row in rows:
        if row.mapping is None:
            yield Entry(row.at, "conflict", row.get_kind_display(), row.message, row.settled_by)
            continue
        prop = row.mapping.prop
        both = f"{in_words(prop, row.theirs) or 'empty'} there, {in_words(prop, row.ours) or 'empty'} here"
        kept = f"; kept {KEPT[row.kept].format(crm=link.connection)}" if row.kept else ""
        yield Entry(row.at, "conflict", str(prop), f"{row.get_kind_display()}: {both}{kept}", row.settled_by)


def _audit(link):
    for row in AuditEntry.objects.filter(link=link).order_by("-at")[:A_PAGE]:
        yield Entry(row.at, "audit", row.message, "", row.by)
