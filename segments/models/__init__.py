from segments.models.activity import Activity
from segments.models.audience import Audience, AudienceSegment
from segments.models.breaker import BreakerTicket, BreakerWindow, Hold
from segments.models.check import CheckOverride, SegmentCheck
from segments.models.exception import SegmentException
from segments.models.filling import BuildDrift, BuildFill
from segments.models.history import BuildChange, CountDelta, HistoryMark, MembershipChange, Movement
from segments.models.member_file import MemberFile
from segments.models.notification import Channel, Level, NotificationDefault, SegmentNotification
from segments.models.permission import Permission
from segments.models.roster import Roster
from segments.models.scheduled import ScheduledChange
from segments.models.segment import Build, Definitions, Segment, StaticMember
from segments.models.state import ContactState, PartnerState

__all__ = [
    "Activity",
    "Audience",
    "AudienceSegment",
    "BreakerTicket",
    "BreakerWindow",
    "Build",
    "BuildChange",
    "BuildDrift",
    "BuildFill",
    "Channel",
    "CheckOverride",
    "ContactState",
    "CountDelta",
    "Definitions",
    "HistoryMark",
    "Hold",
    "Level",
    "MemberFile",
    "MembershipChange",
    "Movement",
    "NotificationDefault",
    "PartnerState",
    "Permission",
    "Roster",
    "ScheduledChange",
    "Segment",
    "SegmentCheck",
    "SegmentException",
    "SegmentNotification",
    "StaticMember",
]
