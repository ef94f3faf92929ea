"""Follows every edit, inside its transaction: what a CRM should know too goes into the outbox."""

from collections import defaultdict

from django.dispatch import receiver

from crm_sync.agreement import delivery
from crm_sync.kinds import KINDS, kind_of_level
from crm_sync.models import Connection, ExternalRecord, FieldMapping
from crm_sync.outbound import making
from workspaces import statements
from workspaces.signals import record_changed
from workspaces.tenancy import current_workspace_id

PEOPLE = ("team", "contact")
OF_LEVEL = {kind.level: kind for kind in KINDS.values()}
# Asked of every change, so as cheaply as can be: most records of most workspaces are in no CRM.
LINKED = {
    level: f"""
        SELECT 1 FROM crm_sync_externalrecord
        WHERE workspace_id = %s::uuid AND {kind.link}_id = ANY (%s::uuid[])
          AND connection_id::text IS DISTINCT FROM %s::text LIMIT 1"""  # noqa: S608
    for level, kind in OF_LEVEL.items()
}


@receiver(record_changed)
def follow(sender, changes, **kwargs):
    changes = [change for change in changes if change.values]
    if not changes or changes[0].level not in OF_LEVEL:
        return
    _send(changes)
    making.follow([change for change in changes if change.created and change.by.kind in PEOPLE])


def _send(changes):
    if not _are_linked(changes):
        return
    mappings = _mappings({number for change in changes for number in change.values})
    if not mappings:
        return
    by_record = defaultdict(list)
    for link in _links(changes):
        by_record[link.record_id].append(link)
    for change in changes:
        for link in by_record[change.record.pk]:
            if not _came_from(link, change):
                delivery.enqueue(
                    link,
                    _values(link, change, mappings),
                    edited_by=change.by.label,
                    by_person=change.by.kind in PEOPLE,
                )


def _links(changes):
    """Not those of an account that was let go: nothing crosses any more, and nothing piles up."""
    ids = [change.record.pk for change in changes]
    column = kind_of_level(changes[0].level).link
    found = ExternalRecord.objects.linked().filter(**{f"{column}__in": ids}).select_related("connection")
    return found.exclude(connection__status=Connection.Status.DISCONNECTED)


def _are_linked(changes):
    """To a CRM other than the one that the changes came from, which knows them."""
    ids = [change.record.pk for change in changes]
    came_from = {change.by.id or None if change.by.kind == "crm" else None for change in changes}
    told = came_from.pop() if len(came_from) == 1 else None
    return bool(
        statements.run(LINKED[changes[0].level], [current_workspace_id(), statements.array(ids), told])
    )


def _mappings(numbers):
    outward = FieldMapping.objects.outward().filter(prop__number__in=numbers)
    return list(outward.select_related("prop")) if numbers else []


def _values(link, change, mappings):
    return {
        mapping: change.values[mapping.prop.number][1]
        for mapping in mappings
        if mapping.connection_id == link.connection_id and mapping.prop.number in change.values
    }


def _came_from(link, change):
    return change.by.kind == "crm" and change.by.id == str(link.connection_id)
