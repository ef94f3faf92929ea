"""Whom an audience lets in, as a condition on contacts: for counts, lists of names and guards.

It reads memberships as they stand in the table; who is just now being evaluated again follows a moment later.
"""

from datetime import timedelta

from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet
from django.utils import timezone

from segments.models import Audience, BuildChange, MembershipChange, Segment
from workspaces.models import Contact

NOBODY = Q(pk__in=[])
EVERYBODY = ~NOBODY


def people() -> QuerySet[Contact]:
    """Those who can open the portal, or could once they sign in."""
    return Contact.objects.exclude(status=Contact.Status.SUSPENDED)


def let_in(audience: Audience) -> Q:
    """`audience.named` may be loaded, with its segments."""
    segments = [] if audience._state.adding else [row.segment for row in audience.named.all()]
    live = [s.live_build for s in segments if s.live_build is not None and s.archived_at is None]
    inside = Q(segment_state__builds__overlap=live) | Q(partner__segment_state__builds__overlap=live)
    if audience.grace_days:
        inside |= _left_lately(segments, audience.grace_days)
    if audience.mode == Audience.Mode.EVERYONE:
        return EVERYBODY
    if audience.mode == Audience.Mode.ONLY and live:
        return inside
    # Without all of its segments an "except" gate is closed, as the gates themselves have it.
    if audience.mode == Audience.Mode.EXCEPT and live and len(live) == len(segments):
        return ~inside
    return NOBODY


def _left_lately(segments: list[Segment], days: int) -> Q:
    """Those who left within the days of grace count as inside, one by one or with a whole build."""
    named = [s.pk for s in segments if s.live_build is not None and s.archived_at is None]
    since = timezone.now() - timedelta(days=days)
    singly = MembershipChange.objects.filter(segment__in=named, joined=False, at__gt=since)
    together = BuildChange.objects.filter(segment__in=named, at__gt=since)
    found = Q()
    for subject in ("pk", "partner_id"):
        found |= Q(Exists(singly.filter(subject_id=OuterRef(subject))))
        found |= Q(Exists(together.filter(Among(OuterRef(subject), F("left")))))
    return found


class Among(Func):
    """`Among(value, array)`"""

    template = "%(expressions)s)"
    arg_joiner = " = ANY ("
    output_field = BooleanField()
