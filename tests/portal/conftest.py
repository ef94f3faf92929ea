"""Audiences in the portal's tests: a segment of gold partners, and a way to point a gate at it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from segments import editing
from segments.models import Audience, AudienceSegment
from segments.rules.tree import new_tree
from workspaces.actors import SYSTEM
from workspaces.properties import properties_of, set_properties


@pytest.fixture
def make_segment(acme, inside, drain):
    """`make_segment("partner", "tier", "gold")`: those whose property is one of the values, already built."""

    def make(level, key, *values, workspace=acme):
        with inside(workspace):
            number = properties_of(level)[key].number
            leaf = {"p": number, "of": "self", "op": "is_any_of", "v": list(values)}
            tree = new_tree(level, leaf)
            name = f"{key} is {' or '.join(values)}"
            segment = editing.create(level=level, kind="dynamic", name=name, tree=tree, by=SYSTEM)
        drain()
        with inside(workspace):
            segment.refresh_from_db()
            assert segment.live_build is not None
        return segment

    return make


@pytest.fixture
def gold(make_segment, brightpath, kestrel):
    return make_segment("partner", "tier", "gold")


@pytest.fixture
def narrow(acme, inside):
    """Sets who is let in: `narrow(audience, "only", gold)`."""

    def set_mode(audience, mode, *segments, workspace=acme):
        with inside(workspace):
            Audience.objects.filter(pk=audience.pk).update(mode=mode)
            AudienceSegment.objects.filter(audience=audience).delete()
            AudienceSegment.objects.bulk_create(
                [AudienceSegment(audience=audience, segment=segment) for segment in segments]
            )

    return set_mode


@pytest.fixture
def change(acme, inside):
    """Somebody of the team, or the CRM, changes a record: `change(brightpath, tier="silver")`."""

    def set_values(record, workspace=acme, **values):
        with inside(workspace):
            set_properties(record, values, by=SYSTEM)

    return set_values


@pytest.fixture
def statements():
    """What a request asks the database: `statements(client, path)` → (all of them, those on tables named so)."""

    def count(client, path, tables):
        client.get(path)  # the first request of a session writes that it was here
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        texts = [query["sql"] for query in captured.captured_queries]
        return len(texts), sum(f'FROM "{tables}' in text for text in texts)

    return count
