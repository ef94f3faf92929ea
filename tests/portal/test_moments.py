"""Readers beside writers: a page shows one moment, and never one from before it began."""

import re
import threading

import pytest
from django.db import connection
from django.test import Client

from portal.experiences import editing, publishing
from portal.experiences.models import Experience
from segments import editing as segments
from segments.models import Audience, AudienceSegment
from segments.rules.tree import new_tree
from workspaces.actors import SYSTEM
from workspaces.models import Contact, Partner
from workspaces.properties import properties_of, set_properties
from workspaces.tenancy import workspace_transaction

CHANGES, READERS = 60, 3


@pytest.fixture
def portal(acme, brightpath):
    """A tab for gold partners, and a first tab with the profile: company name, tier, country on one page."""
    with workspace_transaction(acme):
        tier = properties_of("partner")["tier"].number
        condition = {"p": tier, "of": "self", "op": "is_any_of", "v": ["gold"]}
        gold = segments.create(
            level="partner", kind="dynamic", name="Gold", tree=new_tree("partner", condition), by=SYSTEM
        )
        experience = editing.create_experience(name="Portal", by=SYSTEM)
        home = experience.tabs.draft().get()
        editing.add_section(home, kind="partner_profile", by=SYSTEM)
        gated = editing.add_tab(experience, title="Gold tab", by=SYSTEM)
        editing.add_section(gated, kind="rich_text", body="Text", by=SYSTEM)
        gated.audience.mode = Audience.Mode.ONLY
        gated.audience.save()
        AudienceSegment.objects.create(audience=gated.audience, segment=gold)
        experience = Experience.objects.get(pk=experience.pk)
        publishing.publish(experience, seen=experience.draft_number, by=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_a_page_shows_one_moment_and_none_from_before_it_began(acme, brightpath, pat, portal, as_user):
    """Change number n sets the country to "Land n" and the tier to gold where n is even, in one transaction."""
    committed = [0]
    over = threading.Event()
    seen, errors = [], []

    def write():
        for n in range(1, CHANGES + 1):
            with workspace_transaction(acme):
                values = {"country": f"Land {n}", "tier": "gold" if n % 2 == 0 else "silver"}
                set_properties(Partner.objects.get(pk=brightpath.pk), values, by=SYSTEM)
            committed.append(n)

    def read(client: Client):
        while not over.is_set():
            before = committed[-1]
            page = client.get("/acme/").content.decode()
            if found := re.search(r"Land (\d+)", page):
                seen.append((before, int(found.group(1)), "Gold tab" in page))

    def guarded(work, *arguments):
        try:
            work(*arguments)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    readers = [threading.Thread(target=guarded, args=[read, as_user(pat)]) for _ in range(READERS)]
    writer = threading.Thread(target=guarded, args=[write])
    for thread in [*readers, writer]:
        thread.start()
    writer.join(60)
    over.set()
    for thread in readers:
        thread.join(30)

    assert errors == []
    assert len(seen) >= 10, "too few pages to mean anything"
    assert {n % 2 == 0 for _, n, _ in seen} == {True, False}
    assert [(n, tab) for _, n, tab in seen if tab != (n % 2 == 0)] == []  # two moments on one page
    assert [(before, n) for before, n, _ in seen if n < before] == []  # older than the page's beginning


@pytest.mark.django_db(transaction=True)
def test_membership_follows_when_the_contact_and_its_partner_change_at_once(
    acme, brightpath, kestrel, pat, portal, as_user
):
    """The partner loses gold while its contact changes too: whoever commits last, the tab is gone."""
    for _ in range(5):
        with workspace_transaction(acme):
            set_properties(Partner.objects.get(pk=brightpath.pk), {"tier": "gold"}, by=SYSTEM)
        start = threading.Barrier(2)

        def change(model, pk, values, start=start):
            start.wait()
            with workspace_transaction(acme):
                set_properties(model.objects.get(pk=pk), values, by=SYSTEM)
            connection.close()

        threads = [
            threading.Thread(target=change, args=[Partner, brightpath.pk, {"tier": "silver"}]),
            threading.Thread(target=change, args=[Contact, pat.pk, {"language": "German"}]),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert "Gold tab" not in as_user(pat).get("/acme/").content.decode()
