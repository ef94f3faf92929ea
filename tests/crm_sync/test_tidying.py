"""What is forgotten, and what is kept however old it is."""

from datetime import timedelta

from django.utils import timezone

from crm_sync.models import InboxEvent
from workspaces import jobs


def test_old_events_lose_their_words_and_then_go_but_never_open_ones(sync):
    now = timezone.now()
    rows = {"fresh": (1, "done"), "old": (20, "done"), "older": (40, "skipped"), "waiting": (40, "pending")}
    with sync.inside():
        for name, (days, state) in rows.items():
            InboxEvent.objects.create(
                connection=sync.connection,
                fingerprint=name,
                kind="company.propertyChange",
                state=state,
                received_at=now - timedelta(days=days),
                raw="{}",
            )

    jobs.run(sync.workspace.pk, "crm.tidy")

    with sync.inside():
        left = dict(InboxEvent.objects.exclude(kind="portal.refresh").values_list("fingerprint", "raw"))
    assert left == {"fresh": "{}", "old": "", "waiting": ""}
