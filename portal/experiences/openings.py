"""Telling people that a tab opened for them because they, or their company, joined a segment or left one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.urls import reverse

from portal.experiences import open_tabs
from portal.experiences.models import Section, Stage, Tab
from portal.notifications import events, sources, telling
from portal.notifications.sources import Shown, Source
from portal.notifications.telling import News
from segments.following import follows
from segments.models import Audience, AudienceSegment, Channel, Level
from segments.notifications import Kind
from segments.viewers import as_rows, gate_of_each, viewers_of
from workspaces.models import Contact
from workspaces.tenancy import current_workspace_id

OPENED = "experiences.opened"
AT_ONCE = 500  # contacts
# Whoever was just added had nothing before that could open, and nothing named a segment before it was made.
NO_NEWS = {"created", "made"}
HISTORY = """
    SELECT subject_id, at, id, segment_id, joined FROM segments_membershipchange
    WHERE workspace_id = %(workspace)s AND at >= %(since)s AND segment_id = ANY (%(segments)s)
      AND subject_id = ANY (%(subjects)s)
    UNION ALL
    SELECT subject, c.at, c.id, c.segment_id, true FROM segments_buildchange c, unnest(c.joined) AS subject
    WHERE c.workspace_id = %(workspace)s AND c.at >= %(since)s AND c.segment_id = ANY (%(segments)s)
      AND c.joined && %(subjects)s::uuid[] AND subject = ANY (%(subjects)s)
    UNION ALL
    SELECT subject, c.at, c.id, c.segment_id, false FROM segments_buildchange c, unnest(c."left") AS subject
    WHERE c.workspace_id = %(workspace)s AND c.at >= %(since)s AND c.segment_id = ANY (%(segments)s)
      AND c."left" && %(subjects)s::uuid[] AND subject = ANY (%(subjects)s)"""

OPEN = """
    WITH {table}
    SELECT DISTINCT v.contact, t.key FROM v CROSS JOIN experiences_section s
    JOIN experiences_tab t ON t.id = s.tab_id JOIN experiences_experience e ON e.id = t.experience_id
    WHERE s.workspace_id = %s AND t.key = ANY (%s) AND t.stage = 'published' AND e.in_portal AND {gate}"""


class Step(NamedTuple):
    """One subject joined or left one segment."""

    subject_id: UUID
    at: datetime
    key: UUID
    segment_id: UUID
    joined: bool


@dataclass(frozen=True)
class Gate:
    """An audience as data, to ask it about memberships of the past. Of now, the gates themselves are asked."""

    mode: str
    grace: timedelta
    live: frozenset[UUID]
    whole: bool  # every segment that it names decides something

    def open_to(self, inside: Collection[UUID], lately_left: Collection[tuple[datetime, UUID]], at) -> bool:
        kept = {segment for left_at, segment in lately_left if at - self.grace < left_at < at}
        mine = self.live & (set(inside) | kept)
        if self.mode == Audience.Mode.ONLY:
            return bool(mine)
        if self.mode == Audience.Mode.EXCEPT:
            return bool(self.live) and self.whole and not mine
        return self.mode == Audience.Mode.EVERYONE


@dataclass(frozen=True)
class GatedTab:
    key: UUID
    gate: Gate
    sections: tuple[Gate, ...]

    @property
    def named(self) -> frozenset[UUID]:
        return self.gate.live.union(*(section.live for section in self.sections))

    @property
    def grace(self) -> timedelta:
        return max(gate.grace for gate in (self.gate, *self.sections))

    def open_to(self, *asked) -> bool:
        return self.gate.open_to(*asked) and any(section.open_to(*asked) for section in self.sections)

    def opened_by(self, inside: Collection[UUID], steps: Collection[Step]) -> tuple[datetime, UUID] | None:
        """When this tab, which is open now, last opened, and the row of the log that opened it."""
        ours = sorted((s for s in steps if s.segment_id in self.named), key=attrgetter("at"))
        left = [(step.at, step.segment_id) for step in ours if not step.joined]
        before = set(inside)
        # What has one moment was one transaction: in between, nothing was ever open or closed.
        for at, group in reversed([(at, list(same)) for at, same in groupby(ours, key=attrgetter("at"))]):
            before -= {step.segment_id for step in group if step.joined}
            before |= {step.segment_id for step in group if not step.joined}
            if not self.open_to(before, left, at):
                return at, min(step.key for step in group)
        return None


@follows
def tell_who_may_enter(moves) -> None:
    """Each opening is told by whoever claims the row that opened it, and so by nobody else."""
    moved = {move.segment_id for move in moves}
    tabs = [tab for tab in gated_tabs() if tab.named & moved]
    claimed = {move.key for move in moves if move.why not in NO_NEWS}
    if not tabs or not claimed:
        return
    since = min(move.at for move in moves) - max(tab.grace for tab in tabs)
    for people in _people(moves):
        _tell(people, tabs, claimed, since)


def gated_tabs() -> list[GatedTab]:
    """The tabs that partners may find in the portal, with their gates."""
    found = Section.objects.filter(tab__stage=Stage.PUBLISHED, tab__experience__in_portal=True)
    rows = list(found.order_by("tab_id").values_list("tab__key", "tab__audience", "audience"))
    gates = _gates({pk for _, *both in rows for pk in both})
    return [
        GatedTab(key, gates[outer], tuple(gates[inner] for _, _, inner in same))
        for (key, outer), same in groupby(rows, key=lambda row: row[:2])
    ]


def _gates(audience_ids) -> dict[UUID, Gate]:
    named: dict[UUID, list] = {}
    for name in AudienceSegment.objects.filter(audience__in=audience_ids).select_related("segment"):
        named.setdefault(name.audience_id, []).append(name.segment)
    found = {}
    for audience in Audience.objects.filter(pk__in=audience_ids):
        segments = named.get(audience.pk, [])
        live = {s.pk for s in segments if s.archived_at is None and s.live_build is not None}
        grace = timedelta(days=audience.grace_days)
        found[audience.pk] = Gate(audience.mode, grace, frozenset(live), len(live) == len(segments))
    return found


def _people(moves):
    """The contacts who moved, themselves or with their company, some at a time."""
    moved: dict[str, set[UUID]] = {"contact": set(), "partner": set()}
    for move in moves:
        moved[move.level].update(move.joined, move.left)
    mine = Contact.objects.filter(pk__in=moved["contact"]) | Contact.objects.filter(
        partner__in=moved["partner"]
    )
    present = mine.exclude(status=Contact.Status.SUSPENDED).select_related("partner").order_by("pk")
    last = None
    while people := list((present.filter(pk__gt=last) if last else present)[:AT_ONCE]):
        yield people
        last = people[-1].pk


def _tell(people, tabs, claimed, since) -> None:
    steps = _steps(people, {pk for tab in tabs for pk in tab.named}, since)
    openings: dict[tuple, list] = {}
    for viewer in viewers_of(people):
        ours = [step for pk in viewer.subject_ids for step in steps.get(pk, ())]
        opened = {tab.key: tab.opened_by(viewer.segment_ids, ours) for tab in tabs}
        found = {key: at for key, at in opened.items() if at is not None and at[1] in claimed}
        for key, opening in found.items():
            openings.setdefault((key, *opening), []).append(viewer)
    # The past suggests; the gates themselves decide, now.
    seen = open_now(openings)
    there = {
        opening: [viewer for viewer in viewers if (viewer.contact.pk, opening[0]) in seen]
        for opening, viewers in openings.items()
    }
    told = {opening: viewers for opening, viewers in there.items() if viewers}
    happened = events.happened(OPENED, [(key, str(cause), at) for key, at, cause in told])
    telling.tell(
        *(
            News(event, viewers, may_see={viewer.contact.pk for viewer in viewers})
            for event, viewers in zip(happened, told.values(), strict=True)
        )
    )


def open_now(openings) -> set[tuple[UUID, UUID]]:
    """(contact, tab) of those that are open, in one query for all of them."""
    viewers = {viewer.contact.pk: viewer for some in openings.values() for viewer in some}
    if not viewers:
        return set()
    table, people = as_rows(list(viewers.values()))
    passed, asked = gate_of_each(["t.audience_id", "s.audience_id"])
    with connection.cursor() as cursor:
        keys = list({key for key, *_ in openings})
        cursor.execute(OPEN.format(table=table, gate=passed), [*people, current_workspace_id(), keys, *asked])
        return set(cursor.fetchall())


def _steps(people, segments, since) -> dict[UUID, list[Step]]:
    subjects = {pk for contact in people for pk in (contact.pk, contact.partner_id)}
    asked = {"since": since, "segments": list(segments), "subjects": list(subjects)}
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, {"workspace": current_workspace_id(), **asked})
        found: dict[UUID, list[Step]] = {}
        for row in cursor.fetchall():
            found.setdefault(row[0], []).append(Step(*row))
    return found


def shown(viewer, found):
    titles = {tab.key: tab.title for tab in open_tabs.find(viewer)}
    return {
        event.pk: Shown(
            f"“{titles[event.subject_id]}” is open for you now",
            reverse("partner:tab", args=[event.subject_id]),
        )
        for event in found
        if event.subject_id in titles
    }


def names(found):
    wanted = [event.subject_id for event in found]
    tabs = Tab.objects.filter(stage=Stage.PUBLISHED, key__in=wanted).values_list("key", "title")
    titles = dict(tabs)
    return {event.pk: titles[event.subject_id] for event in found if event.subject_id in titles}


OPENED_KIND = Kind(
    key=OPENED,
    label="A tab opened for them",
    own_label="A page opened for you",
    group="Portal",
    defaults={Channel.PORTAL.value: Level.ALL.value, Channel.MAIL.value: Level.ALL.value},
)
sources.register(Source(kind=OPENED_KIND, icon="unlock", shown=shown, names=names))
