"""What stands in the portal for one viewer. The gates are asked again: what closed since is not there any more."""

from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from portal.notifications.models import Notice
from portal.notifications.sources import SOURCES, Shown, shown_to

KEPT = 300  # of each person the latest; what is older is not looked for
COUNTED = 100  # the bell says 99+ beyond


@dataclass(frozen=True)
class Item:
    notice: Notice
    shown: Shown

    @property
    def icon(self):
        return SOURCES[self.notice.kind].icon


class Inbox:
    def __init__(self, viewer):
        self.viewer = viewer
        self._told = Notice.objects.filter(contact=viewer.contact).told().select_related("event")

    @cached_property
    def items(self):
        """Newest first."""
        return self._visible(self._told[:KEPT])

    def unread_count(self):
        """For the bell."""
        return len(self._visible(self._told.filter(read_at=None)[:COUNTED]))

    def find(self, pk):
        """One of them, or None where it is not there for the viewer."""
        return next(iter(self._visible(self._told.filter(pk=pk))), None)

    def _visible(self, notices):
        notices = list(notices)
        shown = shown_to(self.viewer, [notice.event for notice in notices])
        return [Item(notice, shown[notice.event_id]) for notice in notices if notice.event_id in shown]


def mark_read(notice):
    if notice.read_at is None:
        notice.read_at = timezone.now()
        notice.save(update_fields=["read_at"])


def mark_all_read(contact):
    """Those in sight and those that closed: neither should come back as new."""
    return Notice.objects.filter(contact=contact).unread().update(read_at=timezone.now())
