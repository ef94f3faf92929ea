"""The segments whose rules ask about deals or leads, and whether the partner is in them."""

from dataclasses import dataclass

from django.db.models import TextField
from django.db.models.functions import Cast

from portal.deals.levels import source_of
from segments.models import Build, PartnerState, Segment


@dataclass(frozen=True)
class Concerned:
    segment: Segment
    member: bool  # the partner, where the segment is of partners


def segments(record):
    asking = f'"records:{source_of(record.level)}"'
    live = Build.objects.filter(state=Build.State.LIVE, segment__archived_at=None)
    found = live.annotate(text=Cast("tree", TextField())).filter(text__contains=asking)
    builds = PartnerState.objects.filter(partner=record.partner_id).values_list("builds", flat=True).first()
    return [
        Concerned(build.segment, build.number in (builds or ()))
        for build in found.select_related("segment").order_by("segment__name")
    ]
