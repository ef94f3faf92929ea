"""A portal made of plain data: `portal(acme, tab("Home", text("Hello")), tab("Prices", …, only=[gold]))`."""

import uuid

import pytest

from portal.experiences import content, publishing
from portal.experiences.models import Experience, Stage
from segments import editing as segments
from workspaces.actors import SYSTEM
from workspaces.models import Property
from workspaces.tenancy import workspace_transaction


def gate(*, only=None, everyone_but=None, nobody=False, grace_days=0):
    mode = "nobody" if nobody else "only" if only else "except" if everyone_but else "everyone"
    named = sorted(str(segment.pk) for segment in only or everyone_but or [])
    return {"mode": mode, "grace_days": grace_days, "segments": named}


def tab(title, *sections, **audience):
    return {
        "key": str(uuid.uuid4()),
        "title": title,
        "audience": gate(**audience),
        "sections": list(sections),
    }


def text(body, *, title="", kind="rich_text", **audience):
    return {
        "key": str(uuid.uuid4()),
        "kind": kind,
        "title": title,
        "body": body,
        "audience": gate(**audience),
    }


def make_segment(workspace, name, *, level="partner", key="tier", values=("gold",)):
    with workspace_transaction(workspace):
        prop = Property.objects.get(level=level, key=key)
        leaf = {"p": prop.number, "of": "self", "op": "is_any_of", "v": list(values), "unknown": "exclude"}
        tree = {"v": 1, "object": level, "zone": "workspace", "root": {"op": "all", "items": [leaf]}}
        return segments.create(level=level, kind="dynamic", name=name, tree=tree, by=SYSTEM)


def draft_of(workspace, *tabs, name="Portal", in_portal=True):
    """An experience with these tabs in its draft."""
    with workspace_transaction(workspace):
        experience = Experience.objects.create(name=name, in_portal=in_portal)
        content.write(experience, Stage.DRAFT, list(tabs))
        return experience


def publish(workspace, experience):
    with workspace_transaction(workspace):
        experience.refresh_from_db()
        return publishing.publish(experience, seen=experience.draft_number, by=SYSTEM)


@pytest.fixture
def portal():
    """Publishes tabs as the workspace's portal."""

    def published(workspace, *tabs, **options):
        experience = draft_of(workspace, *tabs, **options)
        publish(workspace, experience)
        return experience

    return published


@pytest.fixture
def gold(acme):
    return make_segment(acme, "Gold partners")


@pytest.fixture
def admins(acme):
    return make_segment(acme, "Admins", level="contact", key="role", values=["admin"])
