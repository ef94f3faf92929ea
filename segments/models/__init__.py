from segments.models.audience import Audience, AudienceSegment
from segments.models.history import BuildChange, CountDelta, HistoryMark, MembershipChange, Movement
from segments.models.member_file import MemberFile
from segments.models.permission import Permission
from segments.models.scheduled import ScheduledChange
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
    "HistoryMark",
    "MemberFile",
    "MembershipChange",
    "Movement",
    "PartnerState",
    "Permission",
    "ScheduledChange",
    "Segment",
    "StaticMember",
]
