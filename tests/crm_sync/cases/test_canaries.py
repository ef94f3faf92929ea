"""Case 69: neither a token nor anything about a person leaves by a log, a task's arguments or a printed object.

Each test sends canaries along a whole way, with every logger at its most talkative, in the form in which the
processes write their lines.
"""

import io
import logging

import pytest
from django.db import IntegrityError

from crm_sync.connecting import providers, tokens
from crm_sync.connectors.base import COMPANY
from crm_sync.connectors.failures import CrmError
from crm_sync.health import dead_letters, timeline
from crm_sync.inbound import merging
from crm_sync.models import InboxEvent, OutboxChange
from introw.log_lines import Line
from tests.crm_sync.cases.signed_in import by_hubspot_app, credential, expire
from tests.crm_sync.cases.test_salesforce import call, org  # noqa: F401
from tests.fakes.hubspot import SECRET, TOKEN
from workspaces import jobs
from workspaces.management.commands.relay import WAITING, Bell
from workspaces.models import Due

CANARY = "canary7f3a"


@pytest.fixture
def written():
    """Everything that a process would have written into its log."""
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(Line("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield kept.getvalue
    root.removeHandler(handler)
    root.setLevel(level)


def leaks(text, *secrets):
    return [secret for secret in (CANARY, CANARY.capitalize(), *secrets) if secret and secret in text]


def rung():
    """What the relay would send to Celery just now."""
    sent = []
    ring, jobs.ring.apply_async = jobs.ring.apply_async, lambda args: sent.append(args)
    try:
        rows = Due.objects.values_list("workspace_id", "queue", "pk", "pk")
        Bell().ring_what_waits([(str(workspace), queue, old, new) for workspace, queue, old, new in rows])
    finally:
        jobs.ring.apply_async = ring
    assert "FROM workspaces_due" in WAITING  # the table that the relay reads, and nothing else
    return str(sent)


def test_69_what_comes_from_hubspot_leaves_no_trace_but_in_the_database(
    sync, linked_pat, linked, push, drain, monkeypatch, written
):
    about = {"objectTypeId": "0-1", "objectId": 7}
    sync.crm.edit("7", "contacts", email=f"{CANARY}@example.com", firstname=CANARY.capitalize())
    push(about | {"propertyName": "email", "propertyValue": f"{CANARY}@example.com"})
    told = rung()
    drain()
    assert sync.values(linked_pat)["email"] == f"{CANARY}@example.com"
    sync.crm.edit("7", "contacts", email=f"{CANARY} is no address")  # which the portal refuses
    push(about | {"propertyName": "email", "occurredAt": 2, "propertyValue": CANARY})
    drain()

    def broken(*args, **kwargs):
        raise IntegrityError(
            f'duplicate key "one_email"\nDETAIL:  Key (email)=({CANARY}@example.com) exists.'
        )

    with monkeypatch.context() as patch:
        patch.setattr(merging, "merge_record", broken)
        push(about | {"propertyName": "firstname", "occurredAt": 3})
        drain()
    logging.getLogger("celery.app.trace").error(
        "It failed", exc_info=IntegrityError(f"no\nDETAIL:  {CANARY}")
    )

    assert "IntegrityError at test_canaries.py" in written()  # the failure itself is told, and where
    assert leaks(written() + told, TOKEN, SECRET) == []
    with sync.inside():
        assert leaks(repr(list(InboxEvent.objects.all()))) == []


def test_69_what_the_crm_refused_is_kept_for_admins_and_told_to_no_log(
    sync, linked, edit, drain, ada, as_user, written
):
    sync.crm.standin.reset()
    edit(linked, country=CANARY)
    told = rung()
    drain()
    with sync.inside():
        changes = OutboxChange.objects.all()
        changes.update(state="parked", message=f"{CANARY} is no country")
        dead_letters.resend(changes, sync.connection, by=ada)
        link = sync.connection.records.first()
        assert CANARY in str([entry.told for entry in timeline.of(link)])  # shown to admins
    drain()

    assert leaks(written() + told + rung(), TOKEN, SECRET) == []


def test_69_signing_in_again_tells_no_token_even_where_it_is_refused(acme, crm, settings, written):
    settings.HUBSPOT_API_URL = crm.url
    connection = by_hubspot_app(acme, crm)
    before = credential(connection)
    expire(connection)
    providers.connector_for(connection).fields(COMPANY)
    after = credential(connection)
    crm.standin.oauth.grants.clear()
    expire(connection)
    with pytest.raises(CrmError) as refused:
        tokens.key_for(connection)

    secrets = [held for row in (before, after) for held in (row.access, row.refresh, row.client_secret)]
    assert leaks(written() + repr(refused.value) + repr(refused.value.failure) + rung(), *secrets) == []


def test_69_salesforce_calls_are_refreshed_and_refused_without_a_word_too_many(
    org,  # noqa: F811
    call,  # noqa: F811
    drain,
    monkeypatch,
    written,
):
    from django.db import OperationalError

    from crm_sync.inbound import receiving

    held = credential(org.connection)
    expire(org.connection)
    org.sf.edit(org.account, BillingCountry=CANARY)
    assert call(org.address(), org.message()).status_code == 200
    told = rung()
    drain()
    assert org.value("country") == CANARY
    call(org.address(), org.message().replace(org.sf.org.id.encode(), b"00D000000000001AAA"))

    def away(arrivals):
        raise OperationalError(f"the database is away\nDETAIL:  {CANARY}")

    monkeypatch.setattr(receiving.commits, "_store", away)
    assert call(org.address(), org.message()).status_code == 503

    now = credential(org.connection)
    secrets = [held.access, held.refresh, now.access, now.refresh, now.client_secret, org.connection.secret]
    assert "/hooks/salesforce/…/" in written()
    assert leaks(written() + told, *secrets) == []
