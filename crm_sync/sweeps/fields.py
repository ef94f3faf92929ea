"""Reads the CRM's fields and people again every hour: options and rights change, fields and people come and go."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from crm_sync.connecting.providers import connector_for
from crm_sync.connectors.base import Owner
from crm_sync.connectors.failures import CrmError
from crm_sync.limits import retries
from crm_sync.mapping import people, schema
from crm_sync.mapping.fields import meet_again
from crm_sync.models import Connection
from crm_sync.models.queues import SCHEMA
from workspaces.jobs import job_transaction, queue

EVERY = timedelta(hours=1)


@queue(SCHEMA)
def drain():
    with job_transaction():
        old = Q(fields_read_at=None) | Q(fields_read_at__lt=timezone.now() - EVERY)
        due = list(Connection.objects.working().filter(old).select_related("workspace"))
        types = {
            connection.pk: set(connection.mappings.values_list("object_type", flat=True))
            for connection in due
        }
        with_people = {connection.pk for connection in due if people.are_mapped(connection)}
    for connection in due:
        if not types[connection.pk]:
            continue
        try:
            connector = connector_for(connection)
            known = {object_type: connector.fields(object_type) for object_type in types[connection.pk]}
            owners = connector.owners() if connection.pk in with_people else None
        except CrmError as error:
            with job_transaction():
                retries.rest(connection, error.failure)
            continue
        with job_transaction():
            schema.learn(connection, known)
            if owners is not None:
                learn_people(connection, owners)


def learn_people(connection: Connection, owners: Iterable[Owner]) -> None:
    """Who is another one now is met again in every record that names them."""
    if people.learn(connection, owners):
        for mapping in people.mappings_of_people(connection):
            mapping.connection = connection
            meet_again(mapping)
