"""What a person decides about a mass change: it goes on, or it is discarded. Each is written down."""

from contextlib import suppress

from django.db import connection as database
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from crm_sync.agreement import audit, delivery
from crm_sync.breaker.counting import WITHIN
from crm_sync.kinds import KINDS
from crm_sync.models import Connection, CountedChange, ExternalRecord, InboxEvent, MassChange, OutboxChange
from crm_sync.models.mass_changes import Way
from crm_sync.models.queues import INBOX, MASS_CHANGES, OUTBOX, REFRESH
from crm_sync.models.records import TIES
from workspaces.actors import Actor
from workspaces.jobs import job_transaction, leave_work
from workspaces.models import PropertyDelivery
from workspaces.properties import PropertyErrors, set_properties
from workspaces.tenancy import current_workspace_id

AT_A_TIME = 100
DISCARDED = "It was held as one of very many and then discarded: {reason}"

# In one statement each, however many are held.
READ_AGAIN = """
    INSERT INTO crm_sync_inboxevent
      (id, workspace_id, connection_id, fingerprint, kind, object_type, external_id, property, received_at, state,
       reason, tries, next_at, raw)
    SELECT uuidv7(), l.workspace_id, l.connection_id, replace(uuidv7()::text, '-', ''), %(kind)s, l.object_type,
           l.external_id, '', %(now)s, 'pending', '', 0, %(now)s, ''
    FROM crm_sync_countedchange c JOIN crm_sync_externalrecord l ON l.id = c.link_id
    WHERE c.held_by_id = %(mass)s AND c.workspace_id = %(workspace)s
"""
AGREE = """
    UPDATE crm_sync_externalrecord l
    SET agreed = l.agreed || jsonb_build_object(%(field)s::text, c.agreed), sent = l.sent - %(field)s::text
    FROM crm_sync_countedchange c
    WHERE c.link_id = l.id AND c.held_by_id = %(mass)s AND c.workspace_id = %(workspace)s AND c.agreed IS NOT NULL
"""


def release(mass: MassChange, *, by: Actor) -> bool:
    """What is held goes on, and what follows of it within the hour. Whether it was this call that said so."""
    if not _decided(mass, MassChange.State.RELEASED, by):
        return False
    count = mass.held.count()
    if mass.way == Way.IN:
        _events(mass).update(state="pending", next_at=timezone.now(), tries=0, reason="")
        _run(READ_AGAIN, mass, kind=REFRESH)
        leave_work(INBOX)
    else:
        _changes(mass).update(state="pending", next_at=timezone.now(), message="", tries=0)
        leave_work(OUTBOX)
    mass.held.all().delete()
    audit.note(mass.connection, "mass_change", f"{mass}: {count:,} held were let through.", by=by.label)
    return True


def reject(mass: MassChange, *, reason: str, by: Actor, put_back: bool = False) -> bool:
    """What is held is discarded: the two sides agree to differ, until either changes. `put_back`: what had come in
    before it was stopped is taken back, by ordinary edits."""
    if not _decided(mass, MassChange.State.REJECTED, by, reason=reason):
        return False
    count, now = mass.held.count(), timezone.now()
    if mass.mapping is None:
        _archive_quietly(mass)
    _run(AGREE, mass, field=mass.mapping.field if mass.mapping else TIES)
    if mass.way == Way.IN:
        _events(mass).update(state="discarded", handled_at=now, reason=reason)
    else:
        _show_discarded(mass, reason)
        _changes(mass).update(state="discarded", finished_at=now, message=reason)
    mass.held.all().delete()
    if put_back and mass.way == Way.IN and mass.mapping is not None:
        MassChange.objects.filter(pk=mass.pk).update(putting_back=True)
        leave_work(MASS_CHANGES)
    audit.note(
        mass.connection, "mass_change", f"{mass}: {count:,} held were discarded. {reason}", by=by.label
    )
    return True


def note_limit(connection: Connection, *, by: Actor) -> None:
    percent = connection.mass_percent
    told = f"Changes of more than {percent} % of the records are held." if percent else "No change is held."
    audit.note(connection, "mass_change", told, by=by.label)


def passed(mass: MassChange):
    """What went through before it was stopped."""
    return CountedChange.objects.filter(
        connection=mass.connection_id,
        way=mass.way,
        mapping=mass.mapping_id,
        link__object_type=mass.object_type,
        held_by=None,
        at__gte=mass.opened_at - WITHIN,
    )


def put_back() -> bool:
    """Some of the values that had come in are what they were before. Whether there is more to do."""
    with job_transaction():
        unfinished = MassChange.objects.filter(putting_back=True).exclude(mapping=None)
        mass = unfinished.select_related("connection", "mapping__prop").first()
        if mass is None:
            return False
        rows = list(passed(mass).order_by("pk").select_for_update(of=("self",))[:AT_A_TIME])
        links = links_of(mass, rows)
        for row in rows:
            _put_back(mass, row, links[row.link_id].record)
        CountedChange.objects.filter(pk__in=[row.pk for row in rows]).delete()
        if not rows:
            MassChange.objects.filter(pk=mass.pk).update(putting_back=False)
    return True


def links_of(mass: MassChange, rows) -> dict:
    """The links of these rows, with their records."""
    links = ExternalRecord.objects.select_related(KINDS[mass.object_type].link)
    return links.in_bulk([row.link_id for row in rows])


def _put_back(mass: MassChange, row: CountedChange, record) -> None:
    """Unless somebody changed it since."""
    if mass.mapping is None or record is None or record.value(mass.mapping.prop) != row.after:
        return
    by = Actor("team", "", mass.decided_by)
    with suppress(PropertyErrors):  # an option that is gone meanwhile: the value stays
        set_properties(record, {mass.mapping.prop.key: row.before}, by=by)


def _decided(mass: MassChange, state: str, by: Actor, *, reason: str = "") -> bool:
    """One of two admins is first."""
    mine = MassChange.objects.open().filter(pk=mass.pk)
    return bool(mine.update(state=state, decided_at=timezone.now(), decided_by=by.label, reason=reason))


def _events(mass: MassChange):
    held = mass.held.filter(
        link__object_type=OuterRef("object_type"), link__external_id=OuterRef("external_id")
    )
    events = InboxEvent.objects.filter(Exists(held), connection=mass.connection_id, state="held")
    if mass.mapping is None:
        return events.filter(Q(kind__endswith=".deletion") | Q(kind__endswith=".associationChange"))
    return events.filter(property__in=["", mass.mapping.field])


def _changes(mass: MassChange):
    held = mass.held.filter(link=OuterRef("link"))
    return OutboxChange.objects.filter(Exists(held), mapping=mass.mapping, state="held")


def _show_discarded(mass: MassChange, reason: str) -> None:
    """On the pages of those who had edited."""
    links = ExternalRecord.objects.filter(pk__in=mass.held.values("link"))
    props = [mass.mapping.prop_id] if mass.mapping else []
    records = links.values(f"{KINDS[mass.object_type].link}_id")
    shown = PropertyDelivery.objects.filter(record_id__in=records, prop__in=props)
    shown.update(state="refused", message=DISCARDED.format(reason=reason), at=timezone.now())


def _archive_quietly(mass: MassChange) -> None:
    """Records that are gone over there; ours stay, and nobody loses their way in."""
    gone = mass.held.filter(agreed__isnull=True)
    links = ExternalRecord.objects.linked().filter(pk__in=gone.values("link"))
    waiting = OutboxChange.objects.filter(link__in=links, state__in=["pending", "inflight"])
    message = delivery.DELETED.format(noun=mass.object_type, crm=mass.connection)
    waiting.update(state="parked", message=message, finished_at=timezone.now())
    links.update(state=ExternalRecord.State.ARCHIVED, state_at=timezone.now(), suspended=[])


def _run(statement: str, mass: MassChange, **given) -> None:
    known = {"mass": mass.pk, "workspace": current_workspace_id(), "now": timezone.now()}
    with database.cursor() as cursor:
        cursor.execute(statement, known | given)
