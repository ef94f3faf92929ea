"""Who may change the team, and how nobody is locked out."""

import re
import threading

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection
from django.utils import timezone

from tests.conftest import make_contact, make_member, make_person
from workspaces import people, team
from workspaces.models import PersonAccess, TeamMember, User
from workspaces.tenancy import workspace_transaction

TEAM = "/acme/settings/team/"


@pytest.fixture
def olga(acme):
    return make_member(acme, "olga", "owner")


@pytest.fixture
def vic(acme):
    return make_member(acme, "vic", "viewer")


def access_of(member, inside):
    with inside(member.workspace):
        return TeamMember.objects.filter(pk=member.pk).values_list("access", flat=True).first()


def test_the_list_names_everybody_with_access_and_last_sign_in(as_user, ada, mia, olga, otto):
    page = as_user(ada).get(TEAM).content.decode()
    assert "mia@example.com" in page
    assert "Partner manager" in page
    assert "otto@example.com" not in page


def test_partner_managers_and_viewers_see_no_team(as_user, mia, vic):
    assert as_user(mia).get(TEAM).status_code == 403
    assert (
        as_user(vic).post(f"{TEAM}invitations/", {"email": "a@example.com", "access": "viewer"}).status_code
        == 403
    )


def test_an_invitation_makes_a_member_and_mails_the_way_in(
    as_user, ada, inside, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = as_user(ada).post(
            f"{TEAM}invitations/", {"email": "Nils@Example.com", "name": "Nils", "access": "manager"}
        )
    assert response.status_code == 302
    user = User.objects.get(email="nils@example.com")
    assert not user.has_usable_password()
    with inside(ada.workspace):
        assert people.team_member(user).access == "manager"
    assert PersonAccess.objects.filter(user=user, workspace=ada.workspace).exists()
    assert mail.outbox[0].to == ["nils@example.com"]
    assert "http://localhost:8000/acme/settings/" in mail.outbox[0].body
    assert "Ada" in mail.outbox[0].subject


def test_inviting_a_known_person_keeps_the_person(as_user, ada, pat, inside):
    before = User.objects.count()
    as_user(ada).post(f"{TEAM}invitations/", {"email": pat.email, "name": "Other", "access": "viewer"})
    assert User.objects.count() == before
    assert User.objects.get(pk=pat.user_id).name == "Pat"
    with inside(ada.workspace):
        assert people.team_member(pat.user).access == "viewer"


def shown_of_invitation(client, address, workspace):
    client.post(f"{TEAM}invitations/", {"email": address, "access": "viewer"})
    with workspace_transaction(workspace):
        pk = TeamMember.objects.get(user__email=address).pk
    pages = client.get(TEAM).text + client.get(f"{TEAM}{pk}/").text
    for own in (str(pk), address, address.partition("@")[0].title()):
        pages = pages.replace(own, "…")
    hidden = re.compile(
        r'value="[^"]{20,}"|nonce="[^"]*"|"X-CSRFToken": "[^"]*"|content-nonce|avatar h\d|>[A-Z]{1,2}</span>'
    )
    client.post(f"{TEAM}{pk}/removal/")
    client.get(TEAM)  # takes what was said about it
    return hidden.sub("", pages)


def test_an_invitation_says_nothing_about_who_the_person_is_elsewhere(as_user, ada, otto, acme):
    """Otto owns globex, signs in there and has a second factor; Nobody does not exist."""
    Authenticator.objects.create(user=otto.user, type=Authenticator.Type.TOTP, data={})
    User.objects.filter(pk=otto.user_id).update(last_login=timezone.now())
    client = as_user(ada)
    known = shown_of_invitation(client, otto.user.email, acme)
    unknown = shown_of_invitation(client, "nobody@example.com", acme)
    assert "Invited, not here yet" in known
    assert known == unknown


def test_the_first_visit_joins_the_team_and_shows_the_name(as_user, ada, otto, acme, inside):
    as_user(ada).post(f"{TEAM}invitations/", {"email": otto.user.email, "access": "viewer"})
    assert "Otto" not in as_user(ada).get(TEAM).text
    with inside(acme):
        member = TeamMember.objects.get(user=otto.user)

    assert as_user(member).get("/acme/settings/partners/").status_code == 200

    with inside(acme):
        assert TeamMember.objects.get(user=otto.user).joined_at is not None
    assert "Otto" in as_user(ada).get(TEAM).text


def test_who_is_on_the_team_is_not_invited_twice(as_user, ada, mia, inside):
    response = as_user(ada).post(f"{TEAM}invitations/", {"email": mia.user.email, "access": "viewer"})
    assert response.status_code == 422
    assert "already on the team" in response.content.decode()
    assert access_of(mia, inside) == "manager"


def test_an_admin_neither_makes_nor_touches_owners(as_user, ada, mia, olga, inside):
    client = as_user(ada)
    assert (
        client.post(f"{TEAM}invitations/", {"email": "x@example.com", "access": "owner"}).status_code == 422
    )
    assert client.post(f"{TEAM}{mia.pk}/", {"access": "owner"}).status_code == 422
    client.post(f"{TEAM}{olga.pk}/", {"access": "viewer"})
    client.post(f"{TEAM}{olga.pk}/removal/")
    assert access_of(olga, inside) == "owner"
    assert access_of(mia, inside) == "manager"
    assert not User.objects.filter(email="x@example.com").exists()


def test_an_owner_makes_another_one_and_takes_it_back(as_user, olga, ada, inside):
    client = as_user(olga)
    client.post(f"{TEAM}{ada.pk}/", {"access": "owner"})
    assert access_of(ada, inside) == "owner"
    client.post(f"{TEAM}{ada.pk}/", {"access": "admin"})
    assert access_of(ada, inside) == "admin"


def test_nobody_changes_or_removes_themselves(as_user, olga, ada, inside):
    for member in (olga, ada):
        as_user(member).post(f"{TEAM}{member.pk}/", {"access": "viewer"})
        as_user(member).post(f"{TEAM}{member.pk}/removal/")
    assert (access_of(olga, inside), access_of(ada, inside)) == ("owner", "admin")


def test_the_last_owner_stays_whoever_asks(acme, olga, inside):
    """As when two owners demote each other: the second one is the last by then."""
    other = TeamMember(workspace=acme, user=make_person("ghost"), access="owner")
    with inside(acme):
        with pytest.raises(team.TeamRefusal, match="needs an owner"):
            team.change_access(olga, "viewer", by=other)
        with pytest.raises(team.TeamRefusal, match="needs an owner"):
            team.remove(olga, acme, by=other)
    assert access_of(olga, inside) == "owner"


def test_a_removed_member_is_out_at_once_and_finds_no_way_here(as_user, olga, mia, acme):
    hers = as_user(mia)
    assert hers.get("/acme/settings/partners/").status_code == 200
    as_user(olga).post(f"{TEAM}{mia.pk}/removal/")
    assert hers.get("/acme/settings/partners/").status_code == 404
    assert not PersonAccess.objects.filter(user=mia.user, workspace=acme).exists()


def test_a_removed_member_who_is_a_contact_keeps_the_portal(as_user, acme, olga, brightpath, inside):
    pat = make_contact(acme, "both", brightpath)
    with inside(acme):
        member = people.add_team_member(pat.user, acme, access="viewer")
    as_user(olga).post(f"{TEAM}{member.pk}/removal/")
    assert PersonAccess.objects.filter(user=pat.user, workspace=acme).exists()


def test_a_member_of_another_workspace_is_not_found(as_user, olga, otto):
    assert as_user(olga).get(f"{TEAM}{otto.pk}/").status_code == 404
    assert as_user(olga).post(f"{TEAM}{otto.pk}/removal/").status_code == 404


def test_the_rule_about_second_factors_is_the_owners_and_nobody_shuts_themselves_out(
    as_user, acme, ada, olga
):
    path = f"{TEAM}second-factor/"
    assert as_user(ada).post(path, {"required": "on"}).status_code == 403
    as_user(olga).post(path, {"required": "on"})
    acme.refresh_from_db()
    assert not acme.second_factor_required


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_demote_each_other_at_once_leave_one(acme, olga, inside):
    oscar = make_member(acme, "oscar", "owner")
    both_there = threading.Barrier(2)
    refused = []

    def demote(whom, by):
        try:
            with inside(acme):
                both_there.wait(timeout=10)
                team.change_access(whom, "viewer", by=by)
        except team.TeamRefusal as refusal:
            refused.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=demote, args=pair) for pair in ((olga, oscar), (oscar, olga))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted([access_of(olga, inside), access_of(oscar, inside)]) == ["owner", "viewer"]
