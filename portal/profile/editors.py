"""Who may edit the profile of their partner, and a watch over changes that would leave nobody who may."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, TextField
from django.dispatch import receiver

from portal.profile.layout import shown_fields
from portal.profile.models import ProfileLayout
from segments.engine import dependents
from segments.insiders import EVERYBODY, NOBODY, let_in, people
from segments.models import AudienceSegment
from workspaces.guard import Loss, access_watch

NAMED = 5


class FirstNames(Aggregate):
    template = f"(ARRAY_AGG(%(expressions)s ORDER BY %(expressions)s))[1:{NAMED}]"
    output_field = ArrayField(TextField())


@dataclass(frozen=True)
class Editors:
    """Those who may edit the profile of one partner: some of their names, and how many they are."""

    names: list[str]
    count: int

    def __str__(self):
        others = self.count - len(self.names)
        called = [name or "somebody without a name" for name in self.names]
        return ", ".join(called) + (f" and {others} more" if others else "")


def editors(partners=None) -> dict[UUID, Editors]:
    """By partner: of some, or of all. Who has none is not there."""
    rows = people().filter(_may_edit_something())
    if partners is not None:
        rows = rows.filter(partner__in=partners)
    found = rows.order_by().values("partner_id").annotate(names=FirstNames("name"), count=Count("pk"))
    return {row["partner_id"]: Editors(row["names"], row["count"]) for row in found}


def _audiences():
    """Those that decide about a field or the logo, or None where nobody has set anything yet."""
    layout = ProfileLayout.objects.select_related("audience").first()
    if layout is None:
        return None
    fields = [field for field in shown_fields(layout) if field.may_be_edited]
    found = {(field.audience or layout.audience).pk: field.audience or layout.audience for field in fields}
    if layout.logo_editable:
        found[layout.audience_id] = layout.audience
    return list(found.values())


def _may_edit_something():
    audiences = _audiences()
    if audiences is None:
        return EVERYBODY
    condition = NOBODY
    for audience in audiences:
        condition |= let_in(audience)
    return condition


@receiver(access_watch)
def watch(sender, *, partners=None, segment=None, **kwargs):
    """Looks now, and once the change is made again: whose profile has nobody left who may edit it?"""
    if segment is not None and not _decides(segment):
        return list
    before = editors(partners)

    def look_again() -> list[Loss]:
        after = editors(partners)
        lost = {pk: who for pk, who in before.items() if pk not in after}
        return [Loss(pk, str(who), "edit the profile") for pk, who in lost.items()]

    return look_again


def _decides(segment) -> bool:
    """Whether an audience of editing names the segment, or one whose rule asks for it."""
    touched = [segment, *dependents.following(segment)]
    naming = AudienceSegment.objects.filter(segment__in=touched, audience__in=_audiences() or [])
    return naming.exists()
