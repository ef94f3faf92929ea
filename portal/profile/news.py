"""What a partner's people hear about their company's profile: the team changed it, or the CRM refused an edit."""

from uuid import UUID

from django.dispatch import receiver
from django.urls import reverse

from portal.notifications import events, sources
from portal.notifications.events import Doing
from portal.notifications.sources import Shown, Source, who
from portal.profile.layout import profile_for, shown_fields
from portal.profile.models import ProfileLayout
from segments.models import Channel, Level
from segments.notifications import Kind
from workspaces.actors import Actor
from workspaces.models import Partner, Property, PropertyChange, PropertyDelivery
from workspaces.signals import delivery_changed, record_changed

CHANGED, REFUSED = "profile.changed", "profile.refused"


@receiver(record_changed)
def note_changes(sender, changes, **kwargs):
    """By the team, of what the profile shows. What the CRM changes all day is no news."""
    by_team = [c for c in changes if c.level == "partner" and c.by.kind == "team" and not c.created]
    if not by_team:
        return
    on_profile = {field.prop.number for field in shown_fields(ProfileLayout.objects.first())}
    if doings := [
        _doing(change, numbers) for change in by_team if (numbers := on_profile & set(change.values))
    ]:
        events.note(*doings)


def _doing(change, numbers):
    about, pk = sorted(numbers), change.record.pk
    return Doing(CHANGED, pk, pk, change.by, about=str(about), facts={"properties": about})


@receiver(delivery_changed)
def note_refusals(sender, record_id, properties, state, crm, message, **kwargs):
    """The values that people of the partner edited and the CRM did not take."""
    if state != PropertyDelivery.State.REFUSED or properties[0].level != "partner":
        return
    partner_id, name = UUID(str(record_id)), dict(properties[0].Source.choices).get(crm, "The CRM")
    if not Partner.objects.filter(pk=partner_id).exists():
        return
    by = Actor("crm", "", str(name))
    facts = {"crm": str(name), "message": message}
    events.note(
        *(
            Doing(REFUSED, partner_id, partner_id, by, about=str(n), facts={**facts, "properties": [n]})
            for n in (prop.number for prop in properties)
        )
    )


def shown(viewer, found):
    """Changes for who sees the property on the profile, refusals for who may edit it."""
    profile = profile_for(viewer)
    labels = {
        CHANGED: {field.prop.number: field.prop.label for field in profile.fields},
        REFUSED: {prop.number: prop.label for prop in profile.editable_properties},
    }
    told = {}
    for event in found:
        seen = [labels[event.kind][n] for n in event.facts["properties"] if n in labels[event.kind]]
        if seen and event.subject_id == viewer.partner_id:
            told[event.pk] = _in_words(event, ", ".join(seen))
    return told


def _in_words(event, labels):
    address = reverse("partner:profile")
    if event.kind == CHANGED:
        return Shown(f"{who(event)} changed your company’s profile", address, labels)
    return Shown(f"{event.facts['crm']} refused a change of {labels}", address, event.facts["message"])


def names(found):
    """The company, and which of its properties."""
    partners = Partner.objects.in_bulk([event.subject_id for event in found])
    labels = dict(Property.objects.filter(level="partner").values_list("number", "label"))
    return {
        event.pk: ", ".join(
            [str(partners[event.subject_id]), *(labels.get(n, "") for n in event.facts["properties"])]
        )
        for event in found
        if event.subject_id in partners
    }


def collaborators(event):
    """Who edited the refused value: the latest of the partner's people."""
    edits = PropertyChange.objects.filter(record_id=event.subject_id, actor_kind="contact", at__lte=event.at)
    edits = edits.filter(prop__number__in=event.facts["properties"], prop__level="partner")
    latest = edits.order_by("-at").values_list("actor_id", flat=True).first()
    return {UUID(latest)} if latest else set()


CHANGED_KIND = Kind(
    key=CHANGED,
    label="The team changed the company’s profile",
    own_label="Your company’s profile was changed for you",
    group="Company profile",
)
REFUSED_KIND = Kind(
    key=REFUSED,
    label="The CRM refused an edit of the company’s profile",
    own_label="An edit of your company’s profile was refused",
    group="Company profile",
    narrowable=True,
    defaults={Channel.PORTAL.value: Level.ALL.value, Channel.MAIL.value: Level.MINE.value},
)
sources.register(Source(kind=CHANGED_KIND, icon="firm", shown=shown, names=names))
sources.register(
    Source(kind=REFUSED_KIND, icon="warn", shown=shown, names=names, collaborators=collaborators)
)
