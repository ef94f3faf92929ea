"""What was told half a year ago is not looked for any more."""

from datetime import timedelta

from django.utils import timezone

from portal.notifications.models import Event
from workspaces import jobs

KEPT = timedelta(days=180)
BATCH = 500


@jobs.queue("notifications.tidy")
def tidy():
    while _some_go():
        pass


def _some_go():
    with jobs.job_transaction():
        old = Event.objects.filter(at__lt=timezone.now() - KEPT).exclude(handled_at=None).order_by("at")
        ids = list(old.values_list("pk", flat=True)[:BATCH])
        Event.objects.filter(pk__in=ids).delete()
        return len(ids) == BATCH
