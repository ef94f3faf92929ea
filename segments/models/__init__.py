from segments.models.audience import Audience, AudienceSegment
from segments.models.history import BuildChange, CountDelta, MembershipChange
from segments.models.permission import Permission
from segments.models.segment import Build, Definitions, Segment, StaticMember
from segments.models.state import ContactState, PartnerState

__all__ = [
    "Audience",
    "AudienceSegment",
    "Build",
    "BuildChange",
    "ContactState",
    "CountDelta",
    "Definitions",
    "MembershipChange",
    "PartnerState",
    "Permission",
    "Segment",
    "StaticMember",
]
