"""What the team's pages about deals and leads share: finding one, and how they are called."""

from django.shortcuts import get_object_or_404

from portal.deals.models import AttributedRecord
from workspaces.models import Partner


def names(level):
    """How the pages call what they show, and where their links lead."""
    routes = {
        "one": level,
        "all": f"{level}s",
        "add": f"add-{level}",
        "new": f"new-{level}",
        "export": f"{level}s-export",
        "setup": f"{level}s-setup",
        "sharing": f"{level}s-sharing",
        **{
            part: f"{level}-{part}"
            for part in ("values", "history", "attribution", "archiving", "collaborators")
        },
        "removal": f"{level}-collaborator-removal",
    }
    return {
        "level": level,
        "noun": level,
        "title": f"{level.capitalize()}s",
        "to": {name: f"settings:{route}" for name, route in routes.items()},
    }


def frame(request, record, current):
    return {
        **names(record.level),
        "record": record,
        "current": current,
        "may_manage": request.member.may("deals.manage"),
    }


def record_or_404(request, level, pk):
    found = AttributedRecord.objects.filter(level=level).for_member(request.member)
    return get_object_or_404(found.select_related("partner", "distributor", "owner__user"), pk=pk)


def own_partner(request, pk):
    """A partner that the member may attribute to."""
    return get_object_or_404(Partner.objects.for_member(request.member), pk=pk)
