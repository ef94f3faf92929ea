"""What deals and leads do of themselves when something else changes."""

from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.dispatch import receiver
from django.utils import timezone

from portal.deals.levels import source_of
from portal.deals.models import AttributedRecord, outcome_of
from segments import records
from workspaces.actors import SYSTEM
from workspaces.signals import properties_changed


@receiver(properties_changed)
def follow_stages(sender, properties, **kwargs):
    """A stage may come to mean won or lost while records are in it."""
    for prop in properties:
        if prop.level in AttributedRecord.Level.values and prop.built_in and prop.key == "stage":
            _follow(prop)


def _follow(prop):
    stages = {option["value"] for option in prop.options}
    meant = {outcome: [s for s in stages if outcome_of(prop, s) == outcome] for outcome in ("won", "lost")}
    differs = Q(outcome="open", stage__in=meant["won"] + meant["lost"])
    for outcome, own in meant.items():
        differs |= Q(outcome=outcome, stage__in=stages.difference(own))
    wrong = AttributedRecord.objects.filter(differs, level=prop.level)
    partners = set(wrong.order_by().values_list("partner", flat=True))
    if not partners:
        return
    now = timezone.now()
    with records.changing(source_of(prop.level), partners=partners, by=SYSTEM):
        for outcome, own in meant.items():
            closing = AttributedRecord.objects.filter(level=prop.level, stage__in=own)
            since = Coalesce("closed_at", Value(now))
            closing.exclude(outcome=outcome).update(outcome=outcome, closed_at=since)
        reopened = stages.difference(meant["won"], meant["lost"])
        AttributedRecord.objects.filter(level=prop.level, stage__in=reopened).exclude(outcome="open").update(
            outcome="open", closed_at=None
        )
