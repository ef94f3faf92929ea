"""What was done to a connection or to a link, and by whom."""

from crm_sync.models import AuditEntry, Connection, ExternalRecord


def note(
    connection: Connection, action: str, message: str, *, by: object = "", link: ExternalRecord | None = None
) -> None:
    AuditEntry.objects.create(
        connection_id=connection.pk, link=link, action=action, message=message, by=str(by or connection)
    )
