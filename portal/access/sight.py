"""Everything that one person finds in the portal, and for what is hidden: which gate, and which segment, decides."""

from dataclasses import dataclass, field

from django.db.models import Count, prefetch_related_objects

from portal.deals.models import AttributedRecord
from portal.experiences.models import Section, Stage, Tab
from portal.experiences.sections import KINDS
from portal.profile.layout import profile_for
from portal.profile.models import ProfileLayout
from portal.quotes.models import Quote, QuoteSettings
from segments.models import Audience
from segments.uses import in_words
from segments.viewer import Viewer


@dataclass(frozen=True)
class Gate:
    """One answer: open or not, in words, with the reason for this person."""

    name: str
    opens: bool
    words: str = ""
    why: str = ""
    audience: Audience | None = None
    kind: str = ""
    icon: str = ""
    inside: tuple["Gate", ...] = field(default=())


@dataclass(frozen=True)
class Sight:
    tabs: list[Gate]
    quotes: Gate
    quotes_seen: int
    attributed_seen: list[tuple[str, int]]  # (“deal”, how many)
    profile: list[Gate]  # one for each gate, whatever number of properties it is asked for
    editable: int
    could_edit: int

    @property
    def open_tabs(self) -> int:
        return sum(tab.opens for tab in self.tabs)


def sight_of(viewer: Viewer) -> Sight:
    """Asks the very gates that the portal asks."""
    explain = _Explain(viewer)
    settings = QuoteSettings.current()
    quotes = explain.gate("Create quotes", settings.audience, QuoteSettings.may_create(viewer))
    profile = profile_for(viewer)
    return Sight(
        tabs=_tabs(viewer, explain),
        quotes=quotes,
        quotes_seen=Quote.objects.visible_to(viewer).count(),
        attributed_seen=_attributed(viewer),
        profile=_profile(profile, explain),
        editable=len(profile.editable),
        could_edit=sum(row.may_be_edited for row in profile.fields),
    )


def _attributed(viewer: Viewer) -> list[tuple[str, int]]:
    counted = AttributedRecord.objects.visible_to(viewer).order_by().values_list("level")
    found = dict(counted.annotate(Count("pk")))
    return [(level, found.get(level, 0)) for level in AttributedRecord.Level.values]


def _tabs(viewer: Viewer, explain: "_Explain") -> list[Gate]:
    published = Section.objects.filter(tab__stage=Stage.PUBLISHED, tab__experience__in_portal=True)
    shown = set(published.shown_to(viewer).values_list("pk", flat=True))
    through = set(published.visible_to(viewer).values_list("pk", flat=True))
    tabs = Tab.objects.published().filter(experience__in_portal=True).select_related("audience")
    entered = set(tabs.visible_to(viewer).values_list("pk", flat=True))
    sections = published.select_related("audience").order_by("tab", "position", "pk")
    by_tab: dict = {}
    for section in sections:
        by_tab.setdefault(section.tab_id, []).append(section)
    explain.load(row.audience for row in [*tabs, *sections])
    return [_tab(tab, by_tab.get(tab.pk, []), shown, through, entered, explain) for tab in tabs]


def _tab(tab, sections, shown, through, entered, explain) -> Gate:
    inside = []
    for section in sections:
        kind = KINDS.get(section.kind)
        name = section.title or (kind.label if kind else section.kind)
        gate = explain.gate(
            name, section.audience, section.pk in through, kind="Section", icon=kind and kind.icon
        )
        if section.pk in through and section.pk not in shown:
            gate = Gate(
                name, False, gate.words, "Its tab is closed to them", section.audience, "Section", gate.icon
            )
        inside.append(gate)
    opens = any(section.pk in shown for section in sections)
    # Of a tab that is closed itself, its sections say nothing more.
    told = tuple(inside) if tab.pk in entered else ()
    found = explain.gate(tab.title, tab.audience, opens, kind="Tab", icon="layout", inside=told)
    if not opens and tab.pk in entered:
        why = (
            "None of its sections is for them, and an empty tab does not show" if sections else "It is empty"
        )
        return Gate(tab.title, False, found.words, why, tab.audience, "Tab", "layout", tuple(inside))
    return found


def _profile(profile, explain: "_Explain") -> list[Gate]:
    layout = ProfileLayout.objects.select_related("audience").first()
    general = layout.audience if layout else Audience()
    asked: dict = {}
    for row in profile.fields:
        if row.may_be_edited:
            audience = row.audience or general
            asked.setdefault(audience.pk, (audience, []))[1].append(row.prop)
    explain.load(audience for audience, _ in asked.values())
    return [
        explain.gate(", ".join(p.label for p in props), audience, props[0].key in profile.editable)
        for audience, props in asked.values()
    ]


class _Explain:
    """Says for this person why an audience lets them in or not. Loads what audiences name once."""

    def __init__(self, viewer: Viewer):
        self.viewer = viewer

    def load(self, audiences) -> None:
        prefetch_related_objects(list(audiences), "named__segment")

    def gate(self, name, audience, opens, *, kind="", icon="", inside=()) -> Gate:
        segments = [row.segment for row in audience.named.all()]
        why = self._why(audience.mode, segments, opens)
        return Gate(name, opens, in_words(audience).text, why, audience, kind, icon or "", inside)

    def _why(self, mode, segments, opens) -> str:
        dead = [s.name for s in segments if s.archived_at or s.live_build is None]
        mine = [s.name for s in segments if s.pk in self.viewer.segment_ids]
        match mode:
            case Audience.Mode.EVERYONE:
                return ""
            case Audience.Mode.NOBODY:
                return "It is kept for nobody"
            case Audience.Mode.ONLY if not opens:
                return f"In none of them{_dead(dead)}"
            case Audience.Mode.EXCEPT if opens:
                return "In none of them"
            case Audience.Mode.EXCEPT if dead:
                return f"Closed for everybody{_dead(dead)}"
            case _:
                return f"In {_list(mine)}" if mine else "Left lately: the days of grace still count"


def _list(names) -> str:
    return ", ".join(f"“{name}”" for name in sorted(names))


def _dead(names) -> str:
    return f": {_list(names)} is archived or not counted yet" if names else ""
