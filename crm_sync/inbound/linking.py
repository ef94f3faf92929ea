"""Which partner or contact is which record of the CRM."""

from django.db import IntegrityError, transaction

from crm_sync.agreement.refreshing import refresh
from crm_sync.kinds import kind_of_level
from crm_sync.models import Connection, ExternalRecord


def link(connection: Connection, record, external_id: str) -> ExternalRecord:
    """Says that a partner or contact and a record of the CRM are the same, and reads it. Raises ValueError."""
    object_type = kind_of_level(record.level).object_type
    row = ExternalRecord(connection=connection, object_type=object_type, external_id=external_id)
    setattr(row, record.level, record)
    new = ExternalRecord.objects.filter(
        connection=connection, object_type=object_type, external_id=external_id
    )
    new.filter(state=ExternalRecord.State.NEW).delete()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ValueError("One of the two is linked already.") from error
    refresh([row])
    return row
