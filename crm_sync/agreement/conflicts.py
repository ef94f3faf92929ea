"""Where the two sides could not both be right, kept for people to see and to turn round."""

from typing import Any

from django.utils import timezone

from crm_sync.models import Conflict, ExternalRecord, FieldMapping

BY_POLICY = "The mapping's rule"


def note_both_changed(
    link: ExternalRecord, mapping: FieldMapping, *, theirs: Any, ours: Any, kept: str
) -> None:
    """Decided by the mapping's policy already. An older one about the same value is history."""
    Conflict.objects.create(
        connection_id=link.connection_id,
        link=link,
        mapping=mapping,
        theirs=theirs,
        ours=ours,
        kept=kept,
        settled_at=timezone.now(),
        settled_by=BY_POLICY,
    )


def note_ping_pong(link: ExternalRecord, mapping: FieldMapping, *, ours: Any, message: str) -> None:
    same = Conflict.objects.open().filter(link=link, mapping=mapping, kind=Conflict.Kind.PING_PONG)
    if not same.exists():
        Conflict.objects.create(
            connection_id=link.connection_id,
            kind=Conflict.Kind.PING_PONG,
            link=link,
            mapping=mapping,
            ours=ours,
            message=message,
        )


def ask(connection, kind: str, *, once: dict, **details) -> None:
    """A question for people, asked once as long as nobody answered it."""
    if not Conflict.objects.open().filter(connection=connection, kind=kind, **once).exists():
        Conflict.objects.create(connection=connection, kind=kind, **once, **details)
