import json

import pytest

from crm_sync.models import ImportRule


@pytest.fixture
def told(sync, hook):
    """What the stand-in has to say of itself: `told()` delivers it, in another order or twice if wanted."""
    waiting = []

    def listen(changes):
        waiting.extend(sync.crm.sender._event(change) for change in changes)

    def deliver(*, order=None, times=1):
        events = [waiting[n] for n in order] if order else list(waiting)
        waiting.clear()
        for attempt in range(times):
            body = json.dumps([event | {"attemptNumber": attempt} for event in events]).encode()
            assert hook(body).status_code == 204
        return events

    sync.crm.portal.listeners.append(listen)
    yield deliver
    sync.crm.portal.listeners.remove(listen)


@pytest.fixture
def rule(sync):
    """Says which records come in: `rule("contact")`, `rule("company", ("partner_tier", "filled"))`."""

    def make(object_type, *conditions, **options):
        listed = [{"field": f, "operator": o, "values": list(v)} for f, o, *v in conditions]
        with sync.inside():
            return ImportRule.objects.create(
                connection=sync.connection,
                object_type=object_type,
                conditions=listed,
                **{"enabled": True} | options,
            )

    return make


@pytest.fixture
def people(sync):
    """Contacts are mapped: their address and first name."""
    sync.map("email", "email", "in", level="contact")
    sync.map("name", "firstname", "in", level="contact")


@pytest.fixture
def linked_pat(sync, people, linked, pat, drain):
    """Pat and contact 7 of company 1, which agree."""
    sync.crm.seed(contacts={"7": {"email": "pat@example.com", "firstname": "Pat"}})
    sync.crm.portal.associate("contacts", "7", "companies", "1", primary=True)
    sync.link(pat, "7")
    drain()
    return pat


@pytest.fixture
def link_of(sync):
    """(state, external id) of a record's link, or None."""

    def found(record):
        with sync.inside():
            row = sync.connection.records.filter(**{record.level: record}).first()
            return row and (row.state, row.external_id)

    return found
