"""A gate that the team moves is news for every open page."""

import pytest
from django.db import connection

from segments import editing
from workspaces.actors import SYSTEM

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard():
    """What was announced since, on a connection that listens."""
    with connection.cursor() as cursor:
        cursor.execute("LISTEN live")
    yield lambda: [note.payload for note in connection.connection.notifies(timeout=0.2)]
    with connection.cursor() as cursor:
        cursor.execute("UNLISTEN live")


@pytest.mark.parametrize("path", ["settings/quotes/creation/", "settings/profile/editing/"])
def test_saving_who_may_is_announced_to_all(acme, ada, as_user, heard, path):
    response = as_user(ada).post(f"/acme/{path}", {"audience-mode": "nobody", "audience-grace_days": "0"})
    assert response.status_code == 302
    assert f"{acme.pk}:*" in heard()


def test_archiving_a_segment_is_announced_to_all(acme, make_segment, brightpath, inside, heard):
    segment = make_segment("partner", "tier", "gold")
    heard()
    with inside(acme):
        editing.archive(segment, by=SYSTEM)
    assert f"{acme.pk}:*" in heard()
