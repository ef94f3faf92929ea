"""An experience as data: how a draft becomes what is published, history, and a draft again.

[{"key": "…", "title": "Home", "audience": {"mode": "only", "grace_days": 0, "segments": ["…"]},
  "sections": [{"key": "…", "kind": "rich_text", "title": "…", "body": "…", "audience": {…}}]}]
"""

from django.db.models import Prefetch

from portal.experiences.models import Section, Tab
from segments.models import Audience, AudienceSegment, Segment
from workspaces.tenancy import current_workspace_id


def rows(experiences, stage):
    """Tabs of a stage with everything in them, in a fixed number of queries."""
    named = AudienceSegment.objects.select_related("segment").order_by("segment_id")
    gates = ("audience", Prefetch("audience__named", named))
    sections = Section.objects.select_related(gates[0]).prefetch_related(gates[1])
    tabs = Tab.objects.filter(experience__in=experiences, stage=stage).select_related(gates[0])
    return tabs.prefetch_related(gates[1], Prefetch("sections", sections))


def of(tabs):
    """The content of tabs that `rows` has loaded."""
    return [{**_own(tab, "title"), "sections": [_section(s) for s in tab.sections.all()]} for tab in tabs]


def load(experience, stage):
    return of(rows([experience], stage))


def write(experience, stage, content):
    """Puts content in the place of what the experience has in this stage."""
    clear(experience, stage)
    audiences: list[tuple[Audience, list[str]]] = []
    tabs: list[Tab] = []
    sections: list[Section] = []
    for place, data in enumerate(content):
        fields = {"experience": experience, "stage": stage, "position": place, "title": data["title"]}
        tab = Tab(key=data["key"], audience=_audience(data, audiences), **fields)
        tabs.append(tab)
        sections += _sections(tab, data["sections"], audiences)
    _create_audiences(audiences)
    Tab.objects.bulk_create(tabs)
    Section.objects.bulk_create(sections)


def clear(experience, stage):
    tabs = Tab.objects.filter(experience=experience, stage=stage)
    sections = Section.objects.filter(tab__in=tabs)
    gates = [*tabs.values_list("audience", flat=True), *sections.values_list("audience", flat=True)]
    sections.delete()
    tabs.delete()
    Audience.objects.filter(pk__in=gates).delete()


def _own(row, *names):
    fields = {name: getattr(row, name) for name in names}
    named = [str(name.segment_id) for name in row.audience.named.all()]
    gate = {"mode": row.audience.mode, "grace_days": row.audience.grace_days, "segments": named}
    return {"key": str(row.key), **fields, "audience": gate}


def _section(section):
    return _own(section, "kind", "title", "body")


def _sections(tab, content, audiences):
    return [
        Section(
            tab=tab,
            key=data["key"],
            kind=data["kind"],
            title=data["title"],
            body=data["body"],
            position=place,
            audience=_audience(data, audiences),
        )
        for place, data in enumerate(content)
    ]


def _audience(data, audiences):
    gate = data["audience"]
    audience = Audience(mode=gate["mode"], grace_days=gate["grace_days"], workspace_id=current_workspace_id())
    audiences.append((audience, gate["segments"]))
    return audience


def _create_audiences(audiences):
    """A segment that is gone by now is left out; the mode stays, so a gate never opens by that."""
    wanted = {pk for _, segments in audiences for pk in segments}
    known = {str(pk) for pk in Segment.objects.filter(pk__in=wanted).values_list("pk", flat=True)}
    Audience.objects.bulk_create([audience for audience, _ in audiences])
    AudienceSegment.objects.bulk_create(
        [
            AudienceSegment(audience=audience, segment_id=pk)
            for audience, segments in audiences
            for pk in segments
            if pk in known
        ]
    )
