"""A CRM that no longer calls is noticed by what the sweeps find, told to admins once, and forgotten when it calls."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from crm_sync import watchdog
from crm_sync.connecting.standing import standing_of
from crm_sync.models import AuditEntry, Connection, InboxEvent, ScanPosition
from crm_sync.models.queues import SWEEPS
from crm_sync.sweeps import sweeping
from workspaces.jobs import leave_work, run


@pytest.fixture(autouse=True)
def _nothing_is_on_its_way_or_cut_short(ample_allowance, monkeypatch):
    monkeypatch.setattr(watchdog, "ON_ITS_WAY", timedelta(seconds=-1))
    monkeypatch.setattr(sweeping, "AT_A_TIME", 60.0)  # a slow machine gets through a sweep, too


@pytest.fixture
def unheard(sync, linked):
    """What HubSpot told so far is long ago."""
    with sync.inside():
        InboxEvent.objects.update(received_at=timezone.now() - timedelta(days=1))


@pytest.fixture
def sweep(sync, django_capture_on_commit_callbacks):
    def go(**changed):
        if changed:
            sync.crm.edit("1", **changed)
        with sync.inside():
            ScanPosition.objects.filter(feed="sweep").update(next_at="2026-01-01T00:00Z")
            leave_work(SWEEPS)
        with django_capture_on_commit_callbacks(execute=True):
            run(sync.workspace.pk, SWEEPS)

    return go


def standing(sync):
    with sync.inside():
        return standing_of(Connection.objects.get()).word


def next_sweep_in(sync):
    with sync.inside():
        place = ScanPosition.objects.get(feed="sweep", object_type="company")
        return place.next_at - timezone.now()


def test_two_sweeps_that_find_what_nobody_told_of_are_a_broken_webhook_until_one_comes(
    sync, linked, unheard, sweep, push, drain, ada, as_user
):
    sweep(partner_tier="silver")
    assert standing(sync) == "Working"
    assert next_sweep_in(sync) > timedelta(minutes=10)

    sweep(partner_tier="platinum")
    assert standing(sync) == "Broken webhooks"
    assert next_sweep_in(sync) <= timedelta(minutes=1)
    sweep(country="France")
    assert next_sweep_in(sync) <= timedelta(minutes=1)
    [told] = mail.outbox
    assert (told.to, "Companies changed in HubSpot" in told.body) == (["ada@example.com"], True)
    page = as_user(ada).get("/acme" + reverse("settings:crm_connection", args=[sync.connection.pk])).text
    assert "nobody told the portal. It asks every minute until HubSpot calls again." in page
    assert "Check the app" in page

    push({"propertyName": "partner_tier"})
    assert standing(sync) == "Working"
    sweep()
    sweep()
    assert next_sweep_in(sync) > timedelta(minutes=10)
    with sync.inside():
        said = [entry.message for entry in AuditEntry.objects.filter(action="webhooks").order_by("at")]
    assert said[1:] == ["HubSpot calls again about companies."]
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    "why", ["a webhook came", "nothing was found", "the change is fresh", "nobody calls us"]
)
def test_what_is_no_broken_webhook(sync, linked, unheard, sweep, push, drain, monkeypatch, why):
    if why == "the change is fresh":
        monkeypatch.setattr(watchdog, "ON_ITS_WAY", timedelta(minutes=2))
    if why == "nobody calls us":
        with sync.inside():
            Connection.objects.update(way="service_key")
    for tier in ("silver", "platinum", "gold"):
        if why == "a webhook came":
            push({"propertyName": "country", "occurredAt": 1})
        sweep(**({} if why == "nothing was found" else {"partner_tier": tier}))

    assert standing(sync) in ("Working", "Working, by asking")
    assert mail.outbox == []
