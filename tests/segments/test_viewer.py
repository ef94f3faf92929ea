from datetime import timedelta

import pytest
import time_machine
from django.test import RequestFactory
from django.utils import timezone

from segments import editing
from segments.models import ContactState
from segments.viewer import ViewerMiddleware, viewer_of
from tests.segments.conftest import ADA
from workspaces.models import Contact


@pytest.fixture
def loaded(acme, inside):
    def load(contact):
        return Contact.objects.select_related("partner").get(pk=contact.pk)

    return load


def test_a_viewer_costs_one_query(acme, inside, pat, gold, loaded, django_assert_num_queries):
    with inside(acme):
        contact = loaded(pat)
        with django_assert_num_queries(1):
            viewer = viewer_of(contact)
            assert gold.pk in viewer.segment_ids


def test_the_request_has_it_when_it_is_asked_for(acme, inside, pat, gold, loaded, django_assert_num_queries):
    request = RequestFactory().get("/")
    with inside(acme):
        request.contact = loaded(pat)
        with django_assert_num_queries(0):
            ViewerMiddleware(lambda request: None)(request)
        with django_assert_num_queries(1):
            assert gold.pk in request.viewer.segment_ids
            assert request.viewer.contact == pat


def test_a_contact_is_in_the_segments_of_its_partner_too(pat, gold, seen_by):
    assert seen_by(pat) == ["Gold partners"]


def test_archived_segments_are_not_among_them(acme, inside, pat, gold, seen_by):
    with inside(acme):
        editing.archive(gold, by=ADA)
    assert seen_by(pat) == []


def test_once_an_instant_has_passed_the_read_evaluates(acme, inside, pat, make_segment, number, seen_by):
    with inside(acme):
        from workspaces.properties import define_properties, set_properties

        define_properties([{"level": "contact", "key": "trial", "label": "Trial ends", "type": "date"}])
        today = timezone.localdate(timezone=acme.zone)
        set_properties(pat, {"trial": today.isoformat()}, by=ADA)
    segment = make_segment("On trial", ("trial", "within_next", {"n": 2, "unit": "day"}), level="contact")
    ended = make_segment("Trial over", ("trial", "more_than_ago", {"n": 1, "unit": "day"}), level="contact")

    assert seen_by(pat) == ["On trial"]
    with time_machine.travel(timezone.now() + timedelta(days=3), tick=False):
        assert seen_by(pat) == ["Trial over"]
        with inside(acme):
            state = ContactState.objects.get(contact=pat)
            segment.refresh_from_db()
            ended.refresh_from_db()
            # A read never writes: the stored state still says what was.
            assert segment.live_build in state.builds
            assert ended.live_build not in state.builds


def test_hand_picked_members_stay_when_the_read_evaluates(acme, inside, pat, make_segment, seen_by):
    make_segment("Pilots", level="contact", kind="static", members=[pat.pk])
    with inside(acme):
        ContactState.objects.filter(contact=pat).update(next_flip_at=timezone.now() - timedelta(days=1))
    assert seen_by(pat) == ["Pilots"]


def test_a_rule_of_another_workspace_decides_nothing_here(acme, globex, inside, pat, eve, gold):
    with inside(globex):
        viewer = viewer_of(Contact.objects.select_related("partner").get(pk=eve.pk))
        assert gold.pk not in viewer.segment_ids
