import pytest

from segments import editing
from segments.engine import clock
from segments.models import ContactState, PartnerState, Segment
from segments.rules.tree import new_tree
from segments.viewer import viewer_of
from workspaces import jobs
from workspaces.actors import Actor
from workspaces.models import Contact, Property

ADA = Actor("team", "ada", "Ada")


@pytest.fixture
def sweep(acme):
    """The minute's look at whom time has changed."""

    def run():
        token = jobs._job_workspace.set(acme.pk)
        try:
            clock.sweep()
        finally:
            jobs._job_workspace.reset(token)

    return run


@pytest.fixture
def number(acme, inside):
    """The number of a property by level and key."""

    def look(level, key):
        with inside(acme):
            return Property.objects.get(level=level, key=key).number

    return look


@pytest.fixture
def make_segment(acme, inside, number):
    """A dynamic segment whose conditions name properties as "tier" (its own) or "partner.tier"."""

    def make(name, *items, level="partner", op="all", workspace=acme, **more):
        tree = new_tree(level, *(_leaf(number, level, *item) for item in items), op=op) if items else None
        kind = more.pop("kind", Segment.Kind.DYNAMIC)
        with inside(workspace):
            return editing.create(level=level, kind=kind, name=name, tree=tree, by=ADA, **more)

    return make


def _leaf(number, level, key, op, value=None, **more):
    of, _, name = key.rpartition(".")
    side = "partner" if of else level
    leaf = {"p": number(side, name), "of": "partner" if of else "self", "op": op}
    return leaf | ({"v": value} if value is not None else {}) | more


@pytest.fixture
def gold(make_segment):
    return make_segment("Gold partners", ("tier", "is_any_of", ["gold"]))


@pytest.fixture
def members_of(acme, inside):
    """The names of the members, as the stored state has them."""

    def look(segment):
        with inside(acme):
            segment.refresh_from_db()
            states = ContactState if segment.level == "contact" else PartnerState
            found = states.objects.filter(builds__contains=[segment.live_build])
            return sorted(getattr(state, segment.level).name for state in found.select_related(segment.level))

    return look


@pytest.fixture
def seen_by(acme, inside):
    """The names of the segments that a contact is in, as the viewer has them. Built-in ones are left out."""

    def look(contact):
        with inside(acme):
            viewer = viewer_of(Contact.objects.select_related("partner").get(pk=contact.pk))
            found = Segment.objects.filter(pk__in=viewer.segment_ids, built_in_key=None)
            return sorted(found.values_list("name", flat=True))

    return look
