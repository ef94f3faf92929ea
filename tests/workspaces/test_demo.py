"""The demo's links: on this machine, with this start's secret, and nowhere else."""

from importlib import reload

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from django.urls import clear_url_caches

import introw.urls
from tests.conftest import make_member, make_workspace
from workspaces.demo import DEMO_PEOPLE

SECRET = "s" * 32


@pytest.fixture
def demo(settings):
    settings.DEMO, settings.DEMO_SECRET = True, SECRET
    reload(introw.urls)
    clear_url_caches()
    yield
    settings.DEMO = False
    reload(introw.urls)
    clear_url_caches()


@pytest.fixture
def lea(db):
    workspace = make_workspace("northwind")
    member = make_member(workspace, "lea", "admin")
    member.user.email = "lea@northwind.example"
    member.user.save()
    return member


def browser(host="localhost:8000"):
    return Client(headers={"host": host})


def test_without_the_switch_there_is_no_route(lea):
    for path in (f"/demo/{SECRET}/", f"/demo/{SECRET}/lea/", "/demo//lea/"):
        assert browser().get(path).status_code == 404
        assert browser().post(path).status_code == 404


def test_a_link_shows_a_button_and_the_button_signs_in(demo, lea):
    client = browser()
    page = client.get(f"/demo/{SECRET}/lea/")
    assert "Sign in as Lea Brandt" in page.content.decode()
    assert "_auth_user_id" not in client.session
    assert client.post(f"/demo/{SECRET}/lea/")["Location"] == "/northwind/settings/"
    assert client.get("/northwind/settings/team/").status_code == 200


def test_the_session_of_a_link_is_listed(demo, lea):
    client = browser()
    client.post(f"/demo/{SECRET}/lea/")
    assert "This one" in client.get("/accounts/sessions/").content.decode()


def test_another_secret_opens_nothing(demo, lea, settings):
    assert browser().get(f"/demo/{'t' * 32}/lea/").status_code == 404
    assert browser().post(f"/demo/{'t' * 32}/lea/").status_code == 404
    settings.DEMO_SECRET = ""
    assert browser().post("/demo//lea/").status_code == 404


def test_another_host_opens_nothing(demo, lea, settings):
    settings.MAIN_HOSTS = {"portal.example"}
    assert browser("portal.example").post(f"/demo/{SECRET}/lea/").status_code == 404


def test_nobody_else_is_signed_in_by_a_link(demo, lea):
    assert browser().post(f"/demo/{SECRET}/ada/").status_code == 404


def test_the_demo_is_not_asked_for_a_second_factor(demo, lea):
    lea.workspace.second_factor_required = True
    lea.workspace.save()
    client = browser()
    client.post(f"/demo/{SECRET}/lea/")
    assert client.get("/northwind/settings/team/").status_code == 200


def test_deploying_with_the_switch_on_fails(demo):
    with pytest.raises(SystemCheckError, match=r"workspaces\.E001"):
        call_command("check", deploy=True, tags=["security"])


def test_the_command_prints_a_link_for_everybody(settings, capsys):
    settings.DEMO, settings.DEMO_SECRET = True, SECRET
    call_command("demo_links")
    said = capsys.readouterr().out
    for person in DEMO_PEOPLE:
        assert person.name in said
        assert f"/demo/{SECRET}/{person.key}/" in said
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("demo_links")
