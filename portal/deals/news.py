"""What people hear about deals and leads: another stage, other changes, and that they work on one now."""

from django.dispatch import receiver
from django.urls import reverse

from portal.deals.models import AttributedRecord, Collaborator
from portal.deals.sharing import Shared
from portal.notifications import events, sources
from portal.notifications.events import Doing
from portal.notifications.sources import Shown, Source, who
from segments.models import Channel, Level
from segments.notifications import Kind
from workspaces import known_properties
from workspaces.signals import record_changed

MOVED, CHANGED, ADDED = "deals.moved", "deals.changed", "deals.added"


@receiver(record_changed, sender=AttributedRecord)
def note_changes(sender, changes, **kwargs):
    """What came in as it is, such as with an import, is no news."""
    doings = [doing for change in changes if not change.created for doing in _of_change(change)]
    if doings:
        events.note(*doings)


def _of_change(change):
    stage = known_properties.current().by_key[change.level]["stage"].number
    facts = {"level": change.level}
    if stage in change.values:
        facts["to"] = change.values[stage][1]
        yield from _doings(MOVED, change.record, change.by, about=str(facts["to"]), facts=facts)
    if numbers := sorted(change.values.keys() - {stage}):
        facts = {"level": change.level, "numbers": numbers}
        yield from _doings(CHANGED, change.record, change.by, about=str(numbers), facts=facts)


def added(record, contact, *, by):
    facts = {"level": record.level, "contact": str(contact.pk)}
    events.note(Doing(ADDED, record.pk, contact.partner_id, by, about=str(contact.pk), facts=facts))


def _doings(kind, record, by, *, about, facts):
    """One for each partner whose people see it."""
    for pk in record.partner_ids:
        yield Doing(kind, record.pk, pk, by, about=f"{pk}{about}", facts=facts)


def shown(viewer, found):
    """Of what the viewer may see; changes of what partners are not shown are none."""
    ids = [event.subject_id for event in found]
    records = AttributedRecord.objects.filter(pk__in=ids).visible_to(viewer).in_bulk()
    shared = {level: Shared(level) for level in AttributedRecord.Level.values}
    told = {}
    for event in found:
        record = records.get(event.subject_id)
        words = SAYS[event.kind](event, record, shared[record.level], viewer) if record is not None else None
        if words is not None:
            text, detail = words
            told[event.pk] = Shown(text, reverse(f"partner:{record.level}", args=[record.pk]), detail)
    return told


def _moved(event, record, shared, viewer):
    label = next((one["label"] for one in shared.stages if one["value"] == event.facts["to"]), "")
    detail = record.amount_text if "amount" in shared.keys else ""
    return (f"{record.name} is in {label} now", detail) if label else None


def _changed(event, record, shared, viewer):
    """The name is shown to all."""
    labels = shared.labels(event.facts["numbers"])
    if shared.all["name"].number in event.facts["numbers"]:
        labels.insert(0, shared.all["name"].label)
    return (f"{who(event)} changed {record.name}", ", ".join(labels)) if labels else None


def _added(event, record, shared, viewer):
    mine = viewer.contact is not None and event.facts["contact"] == str(viewer.contact.pk)
    return (f"{who(event)} added you to {record.name}", "") if mine else None


SAYS = {MOVED: _moved, CHANGED: _changed, ADDED: _added}


def names(found):
    records = AttributedRecord.objects.in_bulk([event.subject_id for event in found])
    return {event.pk: str(records[event.subject_id]) for event in found if event.subject_id in records}


def collaborators(event):
    found = Collaborator.objects.filter(record=event.subject_id)
    return set(found.values_list("contact", flat=True))


def _register(key, label, mail, own_label=""):
    defaults = {Channel.PORTAL.value: Level.ALL.value, Channel.MAIL.value: mail.value}
    kind = Kind(
        key=key,
        label=label,
        own_label=own_label,
        group="Deals and leads",
        narrowable=key != ADDED,
        defaults=defaults,
    )
    sources.register(Source(kind, "deal", shown=shown, names=names, collaborators=collaborators))


_register(MOVED, "A deal or lead came into another stage", Level.MINE)
_register(CHANGED, "A deal or lead was changed", Level.OFF)
_register(ADDED, "They were added to a deal or lead", Level.ALL, "You were added to a deal or lead")
