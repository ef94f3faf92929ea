"""Admins hear of a mass change once, when there is something to count."""

from django.db.models import Count
from django.utils import timezone

from crm_sync.breaker import deciding
from crm_sync.breaker.counting import TELL_AFTER
from crm_sync.kinds import KINDS
from crm_sync.limits.trouble import tell_admins
from crm_sync.models import Connection, MassChange
from crm_sync.models.queues import MASS_CHANGES, in_words
from workspaces.jobs import job_transaction, queue

SAMPLES = 5


@queue(MASS_CHANGES)
def drain():
    while deciding.put_back():
        pass
    with job_transaction():
        waiting = MassChange.objects.open().filter(told_at=None).select_related("connection", "mapping__prop")
        early = [mass for mass in waiting.select_for_update(of=("self",)) if not _tell(mass)]
        return min((mass.opened_at + TELL_AFTER for mass in early), default=None)


def _tell(mass: MassChange) -> bool:
    if mass.opened_at > timezone.now() - TELL_AFTER:
        return False
    mass.told_at = timezone.now()
    mass.save(update_fields=["told_at"])
    context: dict[str, object] = {"mass": mass, "held": mass.held.count()}
    context["samples"] = [f"{sample.record}: {sample.before} → {sample.after}" for sample in samples(mass)]
    tell_admins(mass.connection, "emails/crm_mass_change", context)
    return True


def mass_changes_of(connection: Connection) -> list[MassChange]:
    """Those that wait for a decision, with what the page says of each."""
    waiting = MassChange.objects.open().filter(connection=connection).select_related("mapping__prop")
    found = list(waiting.annotate(count=Count("held")).order_by("opened_at"))
    for mass in found:
        mass.connection, mass.samples = connection, samples(mass)
        mass.things = KINDS[mass.object_type].plural.lower()
    return found


def samples(mass: MassChange, rows=None) -> list:
    """Some of what is held, with the record and both values in words."""
    rows = list(mass.held.order_by("at", "pk")[:SAMPLES] if rows is None else rows)
    links = deciding.links_of(mass, rows)
    for row in rows:
        row.record = links[row.link_id].record
        prop = mass.mapping and mass.mapping.prop
        row.before, row.after = (
            in_words(prop, v) or "empty" if prop else "" for v in (row.before, row.after)
        )
    return rows
