"""Which news reach a person, and who decided: the workspace, one of their segments, or they themselves."""

from dataclasses import dataclass

from django.utils import timezone

from portal.notifications.models import Preference, Why
from segments.models import Channel, Level
from segments.notifications import KINDS, WIDTH, Decision, Kind, Policy
from segments.viewer import viewer_of


@dataclass(frozen=True)
class Effective:
    """One kind in one channel: what holds, and what the vendor alone would allow."""

    kind: Kind
    channel: str
    decision: Decision
    allowed: Decision
    stopped: bool = False  # the person takes no mails at all

    @property
    def level(self):
        return Level.OFF.value if self.stopped else self.decision.level

    @property
    def level_label(self):
        return Level(self.level).label

    @property
    def channel_label(self):
        return Channel(self.channel).label

    @property
    def source(self):
        """Who decided, in words for the team."""
        if self.stopped:
            return "Unsubscribed from all mails"
        if self.decision.by == Decision.SEGMENT:
            return f"Segment “{self.decision.segment}”"
        return "Their own choice" if self.decision.by == Decision.PERSON else "Workspace default"


def effective(contact):
    """For every kind and channel, in the order in which they are registered."""
    return of_viewer(viewer_of(contact), preference_of(contact))


def by_kind(found):
    """[(kind, [in the portal, by mail])], as grids show it."""
    grid: dict[str, tuple[Kind, list[Effective]]] = {}
    for one in found:
        grid.setdefault(one.kind.key, (one.kind, []))[1].append(one)
    return list(grid.values())


def of_viewer(viewer, preference, *, policy=None):
    policy = policy or Policy()
    return [
        Effective(
            kind,
            channel,
            policy.decide(kind, channel, viewer.segment_ids, chosen=preference.chosen(kind.key, channel)),
            policy.decide(kind, channel, viewer.segment_ids),
            stopped=channel == Channel.MAIL and preference.mails_stopped_at is not None,
        )
        for kind in KINDS.values()
        for channel in Channel.values
    ]


def preference_of(contact):
    """What they chose; whoever chose nothing takes what is left to them."""
    return Preference.objects.filter(contact=contact).first() or Preference(contact=contact)


def why_not(decision, *, collaborates):
    """Why a setting keeps something from a person; blank where it gets through."""
    if decision.level == Level.ALL or (decision.level == Level.MINE and collaborates):
        return ""
    return Why(f"{decision.level}_{decision.by}").value


def choose(contact, *, levels, mail_mode, mails_stopped):
    """`levels` maps (kind, channel) to a level. What is no narrower than everything is not kept."""
    preference = _locked(contact)
    for (kind, channel), level in levels.items():
        chosen = preference.choices.setdefault(kind, {})
        chosen.pop(channel, None)
        if WIDTH[Level(level)] < WIDTH[Level.ALL]:
            chosen[channel] = level
    preference.mail_mode = mail_mode
    if bool(preference.mails_stopped_at) != mails_stopped:
        preference.mails_stopped_at = timezone.now() if mails_stopped else None
    preference.save()
    return preference


def stop_mails(contact, *, kind=None):
    """No more mails: of one kind, or at all. Twice is as good as once."""
    preference = _locked(contact)
    if kind is None:
        preference.mails_stopped_at = preference.mails_stopped_at or timezone.now()
    else:
        preference.choices.setdefault(kind, {})[Channel.MAIL.value] = Level.OFF.value
    preference.save()


def _locked(contact):
    Preference.objects.get_or_create(contact=contact)
    return Preference.objects.select_for_update().get(contact=contact)
