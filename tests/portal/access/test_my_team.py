"""My team: colleagues are seen by all of them, and asked in by those who may, who learn nothing about others."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from portal.access import team
from portal.access.models import Invitation
from segments.models import Segment
from segments.permissions import set_permissions
from tests.conftest import make_contact
from workspaces import invitations
from workspaces.actors import SYSTEM
from workspaces.models import Contact, PropertyChange, Workspace
from workspaces.properties import properties_of, set_properties

TEAM = "/acme/team/"
NEW = {"name": "Nora New", "email": "nora@example.com"}


@pytest.fixture
def cleo(acme, brightpath):
    return make_contact(acme, "cleo", brightpath, role="marketing")


@pytest.fixture
def deny(acme, inside):
    def to(role):
        with inside(acme):
            segment = Segment.objects.get(built_in_key=f"role:{role}")
            set_permissions(segment, invite="deny", restricted=False)

    return to


def invite(client, **values):
    return client.post(f"{TEAM}invitations/", {**NEW, **values})


@pytest.fixture
def sent(django_capture_on_commit_callbacks):
    """The mails of a call."""

    def run(call):
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            answer = call()
        return answer, [message.to[0] for message in mail.outbox]

    return run


def test_colleagues_are_listed_and_nobody_else(acme, inside, pat, cleo, sam, as_user):
    with inside(acme):
        suspended = make_contact(acme, "susi", cleo.partner)
        invitations.suspend(suspended)
    page = as_user(pat).get(TEAM).text
    assert "cleo@example.com" in page
    assert "Marketing" in page
    for address in ("sam@example.com", "susi@example.com"):
        assert address not in page


def test_an_invited_colleague_is_a_contact_with_the_default_role(
    acme, inside, pat, brightpath, as_user, sent
):
    answer, mails = sent(lambda: invite(as_user(pat)))
    assert answer.status_code == 302
    assert mails == ["nora@example.com"]
    assert "Pat of Brightpath" in mail.outbox[0].body
    assert "as part of Brightpath" in mail.outbox[0].body
    with inside(acme):
        nora = Contact.objects.get(email="nora@example.com")
        role = properties_of("contact")["role"]
        assert (nora.partner, nora.status, nora.user) == (brightpath, "invited", None)
        assert nora.value(role) == "sales_rep"
        made = PropertyChange.objects.filter(record_id=nora.pk)
        assert {(change.actor_kind, change.actor_id) for change in made} == {("contact", str(pat.pk))}
        assert Invitation.objects.get().by == pat
    assert "Invited" in as_user(pat).get(TEAM).text


def test_neither_role_nor_partner_can_be_sent_along(acme, inside, pat, kestrel, brightpath, as_user):
    invite(as_user(pat), role="admin", partner=str(kestrel.pk), status="active")
    with inside(acme):
        nora = Contact.objects.get(email="nora@example.com")
        assert (nora.partner, nora.status) == (brightpath, "invited")
        assert nora.value(properties_of("contact")["role"]) == "sales_rep"


@pytest.mark.parametrize("address", ["cleo@example.com", "CLEO@example.com"])
def test_who_is_on_the_team_is_said_to_be(pat, cleo, as_user, sent, address):
    answer, mails = sent(lambda: invite(as_user(pat), email=address))
    assert answer.status_code == 422
    assert "is on your team already" in answer.text
    assert mails == []


def test_an_address_of_another_partner_is_answered_as_any_other(acme, inside, pat, sam, eve, as_user, sent):
    """Nothing tells whether it is known at another partner or in another workspace."""
    answers = {}
    for address in ("sam@example.com", "eve@example.com", "nobody@example.com"):
        answer, mails = sent(lambda address=address: invite(as_user(pat), email=address))
        page = as_user(pat).get(TEAM).text
        answers[address] = (answer.status_code, answer["Location"], mails == [address], page.count(address))
    assert len(set(answers.values())) == 1
    with inside(acme):
        assert Contact.objects.filter(email="sam@example.com").count() == 2
        assert Contact.objects.get(pk=sam.pk).user_id == sam.user_id


def test_the_suspended_are_not_let_in_again_by_colleagues(acme, inside, pat, cleo, as_user, sent):
    with inside(acme):
        invitations.suspend(cleo)
    answer, mails = sent(lambda: invite(as_user(pat), email="cleo@example.com"))
    assert answer.status_code == 422
    assert "cannot be invited" in answer.text
    assert mails == []
    with inside(acme):
        assert Contact.objects.get(pk=cleo.pk).status == "suspended"
    assert as_user(pat).post(f"{TEAM}{cleo.pk}/invitation/").status_code == 404


@pytest.mark.parametrize(
    "values", [{"email": "no address"}, {"name": ""}, {"name": "See https://evil.example"}]
)
def test_faults_are_said_and_nothing_is_sent(pat, as_user, sent, values):
    answer, mails = sent(lambda: invite(as_user(pat), **values))
    assert answer.status_code == 422
    assert mails == []
    assert "Invite a colleague" in answer.text


def test_who_may_not_finds_neither_button_nor_endpoint(acme, inside, pat, cleo, as_user, deny, sent):
    sent(lambda: invite(as_user(pat)))
    with inside(acme):
        nora = Contact.objects.get(email="nora@example.com")
    deny("marketing")
    client = as_user(cleo)
    page = client.get(TEAM)
    assert page.status_code == 200
    assert "nora@example.com" in page.text
    assert "Invite a colleague" not in page.text
    assert "Invite again" not in page.text
    for call in (
        lambda: invite(client, email="x@example.com"),
        lambda: client.post(f"{TEAM}{nora.pk}/invitation/"),
    ):
        answer, mails = sent(call)
        assert (answer.status_code, mails) == (404, [])
    with inside(acme):
        assert not Contact.objects.filter(email="x@example.com").exists()


def test_who_lost_it_a_second_ago_has_lost_it(acme, inside, cleo, as_user, deny):
    deny("admin")
    client = as_user(cleo)
    assert "Invite a colleague" in client.get(TEAM).text
    with inside(acme):
        set_properties(cleo, {"role": "admin"}, by=SYSTEM)
    assert invite(client).status_code == 404
    assert "Invite a colleague" not in client.get(TEAM).text


def test_the_workspace_may_keep_it_for_those_who_are_allowed(acme, inside, pat, cleo, as_user):
    Workspace.objects.filter(pk=acme.pk).update(contacts_invite=False)
    assert invite(as_user(pat)).status_code == 404
    with inside(acme):
        set_permissions(Segment.objects.get(built_in_key="role:admin"), invite="allow", restricted=False)
    assert invite(as_user(pat)).status_code == 302
    assert invite(as_user(cleo), email="y@example.com").status_code == 404


def test_again_only_after_a_while_and_only_who_waits(acme, inside, pat, cleo, sam, as_user, sent):
    sent(lambda: invite(as_user(pat)))
    with inside(acme):
        nora = Contact.objects.get(email="nora@example.com")
    again = f"{TEAM}{nora.pk}/invitation/"
    _, mails = sent(lambda: as_user(pat).post(again))
    assert mails == []
    with time_machine.travel(timezone.now() + team.AGAIN_AFTER + timedelta(seconds=1)):
        _, mails = sent(lambda: as_user(pat).post(again))
    assert mails == ["nora@example.com"]
    for other in (cleo, sam):
        assert as_user(pat).post(f"{TEAM}{other.pk}/invitation/").status_code == 404


def test_invitations_are_bounded_for_a_person_and_for_a_partner(
    acme, inside, pat, cleo, as_user, monkeypatch
):
    monkeypatch.setattr(team, "MOST_AN_HOUR", 2)
    monkeypatch.setattr(team, "MOST_A_DAY", 3)
    answers = [invite(as_user(pat), email=f"p{n}@example.com").status_code for n in range(3)]
    assert answers == [302, 302, 422]
    answers = [invite(as_user(cleo), email=f"c{n}@example.com").status_code for n in range(2)]
    assert answers == [302, 422]
    with inside(acme):
        assert Invitation.objects.count() == 3


@pytest.mark.parametrize("count", [1, 30])
def test_it_costs_the_same_for_one_and_thirty(
    acme, pat, brightpath, as_user, count, django_assert_num_queries
):
    for n in range(count):
        make_contact(acme, f"n{n}", brightpath)
    client = as_user(pat)
    client.get(TEAM)
    with django_assert_num_queries(14):
        client.get(TEAM)
