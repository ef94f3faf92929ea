"""How many contacts gates let through, for the team: all gates of a screen in one query.

It counts memberships as they stand in the table; who is just now being evaluated again is counted a moment later.
"""

from django.db.models import Count, Q

from segments.models import Audience
from workspaces.models import Contact

NONE = Q(pk__in=[])
ALL = ~NONE


def of(gates):
    """For each list of audiences, which must all let a contact through: how many contacts that are.

    `gates` is a dict of such lists; the answer has the same keys, and under None the number of all contacts.
    """
    names = {f"g{place}": key for place, key in enumerate(gates)}
    counts = {name: Count("pk", filter=_all_of(gates[key])) for name, key in names.items()}
    people = Contact.objects.exclude(status=Contact.Status.SUSPENDED)
    found = people.aggregate(everyone=Count("pk"), **counts)
    return {None: found["everyone"], **{key: found[name] for name, key in names.items()}}


def _all_of(audiences):
    condition = ALL
    for audience in audiences:
        condition &= _through(audience)
    return condition


def _through(audience):
    """`audience.named` is loaded, with its segments."""
    segments = [name.segment for name in audience.named.all()]
    live = [s.live_build for s in segments if s.live_build is not None and s.archived_at is None]
    inside = Q(segment_state__builds__overlap=live) | Q(partner__segment_state__builds__overlap=live)
    if audience.mode == Audience.Mode.EVERYONE:
        return ALL
    if audience.mode == Audience.Mode.ONLY and live:
        return inside
    # Without all of its segments an "except" gate is closed, as the gates themselves have it.
    if audience.mode == Audience.Mode.EXCEPT and live and len(live) == len(segments):
        return ~inside
    return NONE
