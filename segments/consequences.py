"""What opens and what closes for people when a segment changes: gates, permissions, notifications.

It is worked out from sets of segments, before and after, for everybody who moves; nothing is written for it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache, cached_property
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from segments import moving, permissions, uses
from segments.effects import GATE, HEARS, MAY, SEES, Consequences, Effect
from segments.models import Audience, AudienceSegment, Channel, Permission, Segment
from segments.moving import SHOWN, Move, Some, members_of, some
from segments.notifications import KINDS, WIDTH, Kind, Policy
from workspaces.models import Workspace
from workspaces.tenancy import current_workspace_id

MOST = 20_000  # people who are looked at one by one
PEOPLE = """
    SELECT r.name, r.id = ANY (%(contacts)s), r.id, r.partner_id,
           coalesce(c.builds, '{}') || coalesce(p.builds, '{}')
    FROM workspaces_contact r
    LEFT JOIN segments_contactstate c ON c.contact_id = r.id
    LEFT JOIN segments_partnerstate p ON p.partner_id = r.partner_id
    WHERE r.workspace_id = %(workspace)s AND r.status <> 'suspended'
      AND (%(everybody)s OR r.id = ANY (%(contacts)s) OR r.partner_id = ANY (%(partners)s))
    ORDER BY r.name, r.id LIMIT %(most)s"""

type Ids = frozenset[UUID]
type Measure = Callable[[Ids], int]  # how much somebody in these segments finds


class Said(NamedTuple):
    """What the form says about its members; None where it says nothing new."""

    permission: Permission | None = None
    levels: Mapping[tuple[str, str], str | None] | None = None


NOTHING_NEW = Said()


class Going(NamedTuple):
    """A segment that is archived or deleted, and what stands in its place in audiences, if anything does."""

    segment: Segment
    instead: Segment | None = None

    def named(self, segments: list[Segment]) -> list[Segment]:
        """What an audience names then. Of two that are the same one is enough."""
        if self.instead is None:
            return segments
        found = [self.instead if one.pk == self.segment.pk else one for one in segments]
        return list({one.pk: one for one in found}.values())


def of(moves: list[Move], said: Said = NOTHING_NEW, *, going: Going | None = None) -> Consequences:
    """The first move is that of the segment which is changed."""
    own = moves[0]
    level, size = own.segment.level, _size(own.segment)
    looking = _Looking(moves, said, going)
    effects = [one for one in looking.effects() if one.gained.count or one.lost.count]
    return Consequences(some(level, own.joined), some(level, own.left), effects, size, looking.about)


def of_going(segment: Segment, *, instead: Segment | None = None) -> Consequences:
    """What archiving or deleting it does to people."""
    return of(moving.without(segment, instead=instead), going=Going(segment, instead))


def _size(segment: Segment) -> int:
    return len(members_of(segment))


class _Person(NamedTuple):
    name: str
    before: Ids
    after: Ids


class _Looking:
    def __init__(self, moves: list[Move], said: Said, going: Going | None):
        self._moves = [move for move in moves if move]
        self._own, self._said, self._going = moves[0].segment, said, going
        self.about = False

    @cached_property
    def _touched(self) -> list[Segment]:
        moved = [move.segment for move in self._moves]
        more = any(self._said) or self._going is not None
        return moved if self._own in moved or not more else [*moved, self._own]

    @cached_property
    def _people(self) -> list[_Person]:
        """Everybody who moves; where the segment itself says something new, all its members."""
        ids: dict[str, set[UUID]] = {"contact": set(), "partner": set()}
        for move in self._moves:
            ids[move.segment.level] |= move.joined | move.left
        if any(self._said):
            ids[self._own.level] |= set(members_of(self._own))
        asked: dict = {"contacts": list(ids["contact"]), "partners": list(ids["partner"]), "most": MOST + 1}
        asked["everybody"] = self._everybody
        with connection.cursor() as cursor:
            cursor.execute(PEOPLE, {**asked, "workspace": current_workspace_id()})
            rows = cursor.fetchall()
        self.about = len(rows) > MOST
        live = dict(Segment.objects.live().values_list("live_build", "pk"))
        return [self._person(live, row) for row in rows[:MOST]]

    @property
    def _everybody(self) -> bool:
        """Another segment in its place has other members, and an exception that names nothing closes for all."""
        return self._going is not None and AudienceSegment.objects.filter(segment=self._own).exists()

    def _person(self, live: dict[int, UUID], row: tuple) -> _Person:
        name, _, contact, partner, builds = row
        before = frozenset(live[build] for build in builds if build in live)
        after = set(before)
        for move in self._moves:
            subject = contact if move.segment.level == "contact" else partner
            if subject in move.joined:
                after.add(move.segment.pk)
            elif subject in move.left:
                after.discard(move.segment.pk)
        return _Person(name, before, frozenset(after))

    # ── What they find ──

    def effects(self) -> Iterator[Effect]:
        if not self._touched:
            return
        yield from self._gates()
        yield from self._permissions()
        yield from self._news()

    def _effect(self, before: Measure, after: Measure, **about) -> Effect:
        """Who finds more afterwards, and who less. Equal sets of segments are asked once."""
        was, will_be = cache(before), cache(after)
        found = [(one.name, was(one.before), will_be(one.after)) for one in self._people]
        more = [name for name, old, new in found if new > old]
        less = [name for name, old, new in found if new < old]
        return Effect(gained=_some(more), lost=_some(less), **about)

    def _gates(self) -> Iterator[Effect]:
        found = [(use, audience) for use, audience in uses.gates_naming(self._touched) if use.in_effect]
        outer = [use.outer for use, _ in found if use.outer is not None]
        named = _named([audience for _, audience in found] + outer)
        for use, audience in found:
            before = [(a.mode, named.get(a.pk, [])) for a in (audience, use.outer) if a is not None]
            after, gone = before, None
            if self._going is not None:
                after = [(mode, self._going.named(segments)) for mode, segments in before]
                gone = self._going.segment.pk

            def lets_in(inside: Ids, gates=before) -> bool:
                return all(_opens(mode, segments, inside) for mode, segments in gates)

            def will_let_in(inside: Ids, gates=after, gone=gone) -> bool:
                return all(_opens(mode, segments, inside, gone) for mode, segments in gates)

            days = audience.grace_days if audience.mode == Audience.Mode.ONLY else 0
            note = f"after {days} day{'' if days == 1 else 's'} of grace" if days else ""
            about = {"what": use.gained, "icon": use.icon, "url": use.url, "note": note}
            yield self._effect(lets_in, will_let_in, words=GATE, **about)

    def _permissions(self) -> Iterator[Effect]:
        before = list(Permission.objects.filter(segment__archived_at=None).exclude(segment__live_build=None))
        after = [row for row in before if row.segment_id != self._own.pk or self._said.permission is None]
        if self._said.permission is not None:
            after.append(self._said.permission)
        if not {row.segment_id for row in [*before, *after]} & {one.pk for one in self._touched}:
            return
        workspace = Workspace.objects.get(pk=current_workspace_id())

        def invite(rows):
            return lambda inside: permissions.invites(rows, inside, workspace)

        def sees_all(rows):
            return lambda inside: not permissions.restricts(rows, inside, workspace)

        yield self._effect(invite(before), invite(after), what="invite colleagues", words=MAY, icon="person")
        what = "everything of their company"
        yield self._effect(sees_all(before), sees_all(after), what=what, words=SEES, icon="eye")

    def _news(self) -> Iterator[Effect]:
        before = Policy()
        levels = self._said.levels
        after = before if levels is None else before.saying(self._own, levels)
        touched = {one.pk for one in self._touched}
        for kind in KINDS.values():
            for channel in Channel:
                if not (before.says(kind, channel) | after.says(kind, channel)) & touched:
                    continue
                yield self._hears(before, after, kind, channel)

    def _hears(self, before: Policy, after: Policy, kind: Kind, channel: Channel) -> Effect:
        """More or less of it: only where they collaborate is less than everything."""

        def width(policy):
            return lambda inside: WIDTH[policy.decide(kind, channel, inside).level]

        what = f"“{kind.label}” {'in the portal' if channel == Channel.PORTAL else 'by mail'}"
        return self._effect(width(before), width(after), what=what, words=HEARS, icon="bell")


def _some(names: list[str]) -> Some:
    return Some(len(names), tuple(names[:SHOWN]))


def _named(audiences: Collection[Audience]) -> dict[UUID, list[Segment]]:
    found: dict[UUID, list[Segment]] = {}
    for row in AudienceSegment.objects.filter(audience__in=audiences).select_related("segment"):
        found.setdefault(row.audience_id, []).append(row.segment)
    return found


def _opens(mode: str, segments: list[Segment], inside: Ids, gone: UUID | None = None) -> bool:
    """As segments.audience has it; who leaves within days of grace follows later, and the note says so. `gone` is a
    segment that decides nothing any more.
    """
    live = [one.archived_at is None and one.live_build is not None and one.pk != gone for one in segments]
    mine = [one.pk in inside for one in segments]
    match mode:
        case Audience.Mode.EVERYONE:
            return True
        case Audience.Mode.ONLY:
            return any(map(lambda here, own: here and own, live, mine))
        case Audience.Mode.EXCEPT:
            return bool(segments) and all(live) and not any(mine)
        case _:
            return False
