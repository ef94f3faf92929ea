"""What rules may ask of people in the portal: who looked at a tab."""

from portal.experiences.models import Tab
from segments import activity

VIEWED = "viewed_tab"


def tabs():
    """The tabs that partners can open, by what stays the same from version to version."""
    found = Tab.objects.published().select_related("experience").order_by("experience__name", "position")
    several = len({tab.experience_id for tab in found}) > 1
    return [(str(tab.key), f"{tab.experience}: {tab}" if several else str(tab)) for tab in found]


activity.register(activity.Kind(VIEWED, "Viewed a tab", whats=tabs))
