"""Changes of a draft. Partners see nothing of them until it is published."""

from django.db.models import F
from django.utils import timezone

from portal.experiences import content
from portal.experiences.models import Experience, Section, Stage, Tab
from segments.models import Audience

FIRST_TAB, FIRST_TEXT = "Home", "Say hello, and what your partners find here."


class InPortal(Exception):
    """The experience that partners see cannot be deleted."""


def create_experience(*, name, by):
    """A new experience with a first tab. A workspace's first one is what partners will see."""
    first = not Experience.objects.exists()
    experience = Experience.objects.create(name=name, in_portal=first)
    tab = add_tab(experience, title=FIRST_TAB, by=by)
    add_section(tab, kind="rich_text", title="Welcome", body=FIRST_TEXT, by=by)
    return experience


def rename_experience(experience, *, name):
    experience.name = name
    experience.save(update_fields=["name"])


def delete_experience(experience):
    """With its history. Raises InPortal."""
    if experience.in_portal:
        raise InPortal
    for stage in Stage.values:
        content.clear(experience, stage)
    experience.delete()


def add_tab(experience, *, title, by):
    touch(experience, by=by)
    position = experience.tabs.draft().count()
    return Tab.objects.create(experience=experience, title=title, position=position)


def add_section(tab, *, kind, by, title="", body=""):
    touch(tab.experience, by=by)
    position = tab.sections.count()
    return Section.objects.create(tab=tab, kind=kind, title=title, body=body, position=position)


def save(row, *, by):
    """Keeps a tab or section that a form has filled in."""
    touch(experience_of(row), by=by)
    row.save()


def move(row, *, by, places):
    """Moves a tab or section among its siblings; beyond an end it stays at the end."""
    touch(experience_of(row), by=by)
    siblings = list(_siblings(row))
    place = siblings.index(row)
    siblings.insert(min(max(place + places, 0), len(siblings) - 1), siblings.pop(place))
    for position, sibling in enumerate(siblings):
        sibling.position = position
    type(row).objects.bulk_update(siblings, ["position"])


def delete(row, *, by):
    """Deletes a tab with its sections, or a section."""
    touch(experience_of(row), by=by)
    gates = [row.audience_id]
    if isinstance(row, Tab):
        gates += row.sections.values_list("audience", flat=True)
        row.sections.all().delete()
    row.delete()
    Audience.objects.filter(pk__in=gates).delete()


def experience_of(row):
    return row.experience if isinstance(row, Tab) else row.tab.experience


def touch(experience, *, by):
    """Counts a change of the draft. Its row lock makes changes of one draft wait for each other."""
    Experience.objects.filter(pk=experience.pk).update(
        draft_number=F("draft_number") + 1, draft_changed_at=timezone.now(), draft_changed_by=by.label
    )


def _siblings(row):
    return row.experience.tabs.draft() if isinstance(row, Tab) else row.tab.sections.all()
