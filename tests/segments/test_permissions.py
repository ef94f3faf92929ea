"""Who may invite and who is restricted: deny and the narrower scope win, and the page can say who decided."""

import pytest

from segments import editing
from segments.models import Segment
from segments.permissions import may_invite, permissions_of, set_permissions
from segments.viewer import Viewer, viewer_of
from tests.segments.conftest import ADA
from workspaces.models import Contact, Workspace
from workspaces.properties import set_properties


@pytest.fixture
def admins(make_segment):
    return make_segment("Admins", ("role", "is_any_of", ["admin"]), level="contact")


@pytest.fixture
def says(acme, inside):
    """`says(segment, invite="deny")`, `says(segment, restricted=True)`"""

    def set_to(segment, invite="inherit", restricted=False):
        with inside(acme):
            set_permissions(segment, invite=invite, restricted=restricted)

    return set_to


@pytest.fixture
def holds(acme, inside):
    def look(contact):
        with inside(acme):
            loaded = Contact.objects.select_related("partner").get(pk=contact.pk)
            return permissions_of(viewer_of(loaded), Workspace.objects.get(pk=acme.pk))

    return look


def names(segments):
    return [segment.name for segment in segments]


def set_default(acme, **fields):
    Workspace.objects.filter(pk=acme.pk).update(**fields)


@pytest.mark.parametrize("default", [True, False])
def test_where_no_segment_says_anything_the_workspace_does(acme, pat, gold, says, holds, default):
    set_default(acme, contacts_invite=default, collaboration_restricted=default)
    says(gold)
    found = holds(pat)
    assert (found.invite.holds, found.restricted.holds) == (default, default)
    assert found.invite.by_default
    assert found.restricted.by_default
    assert found.invite.decided_by == found.restricted.decided_by == ()


@pytest.mark.parametrize(
    ("default", "of_gold", "of_admins", "expected"),
    [
        (False, "allow", "inherit", True),
        (True, "deny", "inherit", False),
        (True, "allow", "deny", False),
        (False, "deny", "allow", False),
        (False, "allow", "allow", True),
        (True, "inherit", "inherit", True),
    ],
)
def test_deny_beats_allow_and_allow_beats_the_default(
    acme, pat, gold, admins, says, holds, default, of_gold, of_admins, expected
):
    set_default(acme, contacts_invite=default)
    says(gold, of_gold)
    says(admins, of_admins)
    assert holds(pat).invite.holds is expected


def test_the_decider_and_what_lost_have_names(acme, pat, gold, admins, says, holds):
    says(gold, "allow")
    says(admins, "deny", restricted=True)
    found = holds(pat)
    assert (names(found.invite.decided_by), names(found.invite.overruled)) == (["Admins"], ["Gold partners"])
    assert found.invite.default_overruled
    assert names(found.restricted.decided_by) == ["Admins"]
    assert found.restricted.default_overruled


def test_segments_of_others_say_nothing(pat, sam, gold, says, holds):
    says(gold, "deny", restricted=True)
    found = holds(sam)
    assert found.invite.holds
    assert not found.restricted.holds
    assert not holds(pat).invite.holds


def test_it_follows_the_property_at_once(acme, inside, pat, brightpath, gold, says, holds):
    says(gold, "deny", restricted=True)
    with inside(acme):
        set_properties(brightpath, {"tier": "silver"}, by=ADA)
    assert holds(pat).invite.holds
    assert not holds(pat).restricted.holds


def test_what_is_not_counted_yet_narrows_for_everybody_and_allows_nobody(
    acme, inside, sam, gold, says, holds
):
    set_default(acme, contacts_invite=False)
    says(gold, "allow", restricted=True)
    with inside(acme):
        Segment.objects.filter(pk=gold.pk).update(live_build=None)
    found = holds(sam)
    assert not found.invite.holds
    assert found.restricted.holds
    assert names(found.restricted.uncounted) == ["Gold partners"]


def test_an_archived_segment_says_nothing(acme, inside, pat, gold, says, holds):
    says(gold, "deny", restricted=True)
    with inside(acme):
        editing.archive(gold, by=ADA)
    assert holds(pat).invite.holds
    assert not holds(pat).restricted.holds


def test_a_role_is_a_segment_too(acme, inside, sam, says, holds):
    with inside(acme):
        role = Segment.objects.get(built_in_key="role:sales_rep")
    says(role, "deny", restricted=True)
    assert names(holds(sam).invite.decided_by) == ["Role is Sales rep"]


def test_an_imagined_viewer_has_what_its_segments_say(acme, inside, gold, says):
    says(gold, "deny")
    with inside(acme):
        assert not may_invite(Viewer(None, frozenset([gold.pk])), acme)
        assert may_invite(Viewer(None, frozenset()), acme)


def test_it_costs_one_query(acme, inside, pat, gold, admins, says, django_assert_num_queries):
    says(gold, "deny")
    says(admins, "allow", restricted=True)
    with inside(acme):
        viewer = viewer_of(Contact.objects.select_related("partner").get(pk=pat.pk))
        with django_assert_num_queries(1):
            permissions_of(viewer, acme)


def test_a_duplicate_says_the_same(acme, inside, gold, says):
    says(gold, invite="deny", restricted=True)
    with inside(acme):
        copy = editing.duplicate(Segment.objects.get(pk=gold.pk), by=ADA)
        assert (copy.permission.invite, copy.permission.restricted) == ("deny", True)
