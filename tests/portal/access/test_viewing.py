"""View as: a reason first, then the contact's own portal, to read, for half an hour, by one member of the team."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from portal.access import viewing
from portal.access.models import Viewing
from portal.experiences import editing as experience_editing
from portal.experiences import publishing
from portal.experiences.models import Experience
from segments.models import Segment
from segments.permissions import set_permissions
from tests.conftest import make_contact, make_member
from workspaces import invitations
from workspaces.actors import SYSTEM


@pytest.fixture
def prices(acme, inside, gold, narrow):
    with inside(acme):
        experience = experience_editing.create_experience(name="Portal", by=SYSTEM)
        tab = experience_editing.add_tab(experience, title="Prices", by=SYSTEM)
        experience_editing.add_section(tab, kind="rich_text", title="List", body="Zephyrine", by=SYSTEM)
    narrow(tab.audience, "only", gold)
    with inside(acme):
        experience = Experience.objects.get(pk=experience.pk)
        publishing.publish(experience, seen=experience.draft_number, by=SYSTEM)
        return experience.tabs.published().get(title="Prices")


def look(client, contact, reason="Says that prices are missing"):
    return client.post(f"/acme/settings/contacts/{contact.pk}/viewings/", {"reason": reason})


def test_it_is_written_down_before_anything_is_shown(acme, inside, pat, ada, prices, as_user):
    answer = look(as_user(ada), pat)
    with inside(acme):
        row = Viewing.objects.get()
        assert (row.contact, row.member, row.reason) == (pat, ada, "Says that prices are missing")
        assert row.ends_at - row.started_at == timedelta(minutes=30)
    assert answer["Location"].endswith(f"/settings/viewings/{row.pk}/")
    page = as_user(ada).get(answer["Location"]).text
    assert "You see the portal as <b>Pat</b>" in page
    assert "Says that prices are missing" in page
    assert (
        "Says that prices are missing" in as_user(ada).get(f"/acme/settings/contacts/{pat.pk}/access/").text
    )


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_shown(acme, inside, pat, ada, as_user, reason):
    assert look(as_user(ada), pat, reason).status_code == 422
    with inside(acme):
        assert not Viewing.objects.exists()


def test_it_shows_what_the_contact_finds_not_what_the_member_may(pat, sam, ada, prices, as_user):
    client = as_user(ada)
    seen = client.get(look(client, pat)["Location"]).text
    assert "Prices" in seen
    start = look(client, sam)["Location"]
    assert "Prices" not in client.get(start).text
    assert client.get(f"{start}tabs/{prices.key}/").status_code == 404


def test_quotes_are_those_that_the_contact_sees(acme, inside, pat, brightpath, ada, as_user):
    import uuid
    from decimal import Decimal

    from portal.quotes import drafts

    rita = make_contact(acme, "rita", brightpath, role="sales_rep")
    with inside(acme):
        set_permissions(Segment.objects.get(built_in_key="role:sales_rep"), invite="inherit", restricted=True)
        line = {"pk": None, "product": None, "title": "x", "quantity": Decimal(1), "unit_price": Decimal(5)}
        head = {"customer": "Zephyrine AG", "currency": "EUR", "note": ""}
        drafts.create_quote(
            by=pat, form_key=uuid.uuid4(), head=head, lines=[{**line, "discount": Decimal(0)}]
        )
    client = as_user(ada)
    assert "Zephyrine" in client.get(look(client, pat)["Location"] + "quotes/").text
    assert "Zephyrine" not in client.get(look(client, rita)["Location"] + "quotes/").text


def test_every_page_of_it_reads_and_takes_no_post(pat, ada, prices, as_user):
    client = as_user(ada)
    start = look(client, pat)["Location"]
    for tail in ("", "quotes/", "profile/", "team/", f"tabs/{prices.key}/"):
        assert client.get(start + tail).status_code == 200
        assert client.post(start + tail, {"website": "https://x.example"}).status_code == 405


def test_it_ends_after_half_an_hour_or_when_it_is_stopped(acme, inside, pat, ada, as_user):
    client = as_user(ada)
    start = look(client, pat)["Location"]
    with time_machine.travel(timezone.now() + timedelta(minutes=29)):
        assert client.get(start).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        assert client.get(start)["Location"].endswith("/access/")
    client.post(f"{start}ending/")
    assert client.get(start)["Location"].endswith("/access/")
    with inside(acme):
        assert Viewing.objects.get().ended_at is not None


def test_nobody_looks_through_another_members(acme, pat, ada, as_user):
    start = look(as_user(ada), pat)["Location"]
    other = as_user(make_member(acme, "olga", "owner"))
    assert other.get(start).status_code == 404
    assert other.post(f"{start}ending/").status_code == 404


def test_a_suspended_contact_is_not_looked_as(acme, inside, pat, ada, as_user):
    client = as_user(ada)
    start = look(client, pat)["Location"]
    with inside(acme):
        invitations.suspend(pat)
    assert client.get(start).status_code == 302
    assert look(client, pat).status_code == 403


def test_who_may_not_change_the_contact_may_not_look_as_them(acme, mia, pat, as_user):
    assert look(as_user(mia), pat).status_code == 403
    assert look(as_user(make_member(acme, "vera", "viewer")), pat).status_code == 403


def test_the_database_holds_it_to_half_an_hour_and_a_reason(acme, inside, pat, ada):
    now = timezone.now()
    for wrong in ({"ends_at": now + timedelta(minutes=31)}, {"reason": ""}):
        row = {"contact": pat, "member": ada, "member_label": "Ada", "reason": "x", "started_at": now}
        row |= {"ends_at": now + timedelta(minutes=30), **wrong}
        with inside(acme), pytest.raises(IntegrityError), transaction.atomic():
            Viewing.objects.create(**row)


def test_the_row_outlives_the_member(acme, inside, pat, ada):
    with inside(acme):
        viewing.begin(pat, member=ada, reason="x")
        ada.delete()
        assert Viewing.objects.get().member_label == "Ada"
