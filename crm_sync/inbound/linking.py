"""Which record of ours is which record of the CRM."""

from django.db import IntegrityError, transaction

from crm_sync.agreement.refreshing import refresh
from crm_sync.connecting import addresses
from crm_sync.kinds import kind_of_level
from crm_sync.models import Connection, ExternalRecord
from portal.deals import attributed


def link(connection: Connection, record, external_id: str) -> ExternalRecord:
    """Says that one of our records and one of the CRM's are the same, and reads it. Raises ValueError."""
    kind = kind_of_level(record.level)
    object_type = kind.object_type
    row = ExternalRecord(connection=connection, object_type=object_type, external_id=external_id)
    setattr(row, kind.link, record)
    new = ExternalRecord.objects.filter(
        connection=connection, object_type=object_type, external_id=external_id
    )
    new.filter(state=ExternalRecord.State.NEW).delete()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ValueError("One of the two is linked already.") from error
    if kind.is_attributed:
        attributed.link(record, addresses.in_crm(connection, object_type, external_id))
    refresh([row])
    return row
