from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from workspaces import people
from workspaces.models import Contact

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def last_seen(acme, pat, inside):
    def at(moment):
        with time_machine.travel(moment, tick=False):
            with inside(acme):
                contact = Contact.objects.get(pk=pat.pk)
            people.note_visit(contact, acme)
        with inside(acme):
            return Contact.objects.get(pk=pat.pk).last_seen_at

    return at


def test_a_visit_is_kept(last_seen):
    assert last_seen(NOON) == NOON


def test_pages_within_ten_minutes_are_one_visit(last_seen):
    last_seen(NOON)
    assert last_seen(NOON + timedelta(minutes=9)) == NOON
    assert last_seen(NOON + timedelta(minutes=11)) == NOON + timedelta(minutes=11)
