"""Forgets what is no longer needed: what a webhook said word by word, and later that it came at all."""

from datetime import timedelta

from django.utils import timezone

from crm_sync.models import InboxEvent, OutboxChange, SyncJob
from workspaces.jobs import job_transaction, queue

QUEUE = "crm.tidy"
RAW_KEPT = timedelta(days=14)  # may hold personal data
EVENTS_KEPT = timedelta(days=30)  # HubSpot repeats an event for a day; its fingerprint must outlive that
CHANGES_KEPT = timedelta(days=90)
JOBS_KEPT = timedelta(days=30)
SETTLED = ["done", "skipped", "discarded"]


@queue(QUEUE)
def drain():
    now = timezone.now()
    with job_transaction():
        InboxEvent.objects.filter(state__in=SETTLED, received_at__lt=now - EVENTS_KEPT).delete()
        InboxEvent.objects.filter(received_at__lt=now - RAW_KEPT).exclude(raw="").update(raw="")
        SyncJob.objects.exclude(state="running").filter(started_at__lt=now - JOBS_KEPT).delete()
        settled = OutboxChange.objects.filter(state__in=["done", "superseded", "discarded"])
        settled.filter(finished_at__lt=now - CHANGES_KEPT).delete()
