"""Who hears of an event, who does not, and what the ledger says about it."""

import pytest

from portal.notifications import events, inbox
from portal.notifications.models import Event, Notice
from portal.quotes.models import Quote
from segments.viewer import viewer_of
from workspaces import jobs
from workspaces.actors import Actor
from workspaces.invitations import invite, suspend
from workspaces.models import Contact, PropertyDelivery
from workspaces.properties import properties_of, set_properties
from workspaces.signals import delivery_changed

QUOTE = "quotes.created"


def told(notices):
    return {name: (notice.portal_why, notice.mail, notice.mail_why) for name, notice in notices.items()}


def in_portal(acme, inside, contact):
    with inside(acme):
        fresh = Contact.objects.select_related("partner").get(pk=contact.pk)
        return [item.shown.text for item in inbox.Inbox(viewer_of(fresh)).items]


def test_colleagues_hear_of_it_and_nobody_else(pat, cleo, dora, sam, eve, make_quote, tell, notices):
    make_quote(pat)
    tell()
    assert told(notices(QUOTE)) == {
        "Pat": ("own_doing", "none", "own_doing"),
        "Cleo": ("", "none", "off_workspace"),
        "Dora": ("", "none", "off_workspace"),
    }


def test_every_reason_stands_in_the_ledger(
    acme, inside, pat, cleo, dora, make_quote, tell, notices, by_default, segment_says, chooses
):
    by_default(QUOTE, mail="all")
    segment_says("sales_rep", QUOTE, portal="mine")
    chooses(dora, QUOTE, portal="off", stopped=True)
    with inside(acme):
        Contact.objects.filter(pk=pat.pk).update(status="invited")
    make_quote(cleo)
    make_quote(dora)
    tell()
    with inside(acme):
        rows = Notice.objects.order_by("event__at", "contact__name").values_list(
            "event__actor__label", "contact__name", "portal_why", "mail_why", "portal_segment__name"
        )
        assert list(rows) == [
            ("Cleo", "Cleo", "own_doing", "own_doing", None),
            ("Cleo", "Dora", "off_person", "stopped", None),
            ("Cleo", "Pat", "not_there", "not_there", None),
            ("Dora", "Cleo", "mine_segment", "", "All sales_rep"),
            ("Dora", "Dora", "own_doing", "own_doing", None),
            ("Dora", "Pat", "not_there", "not_there", None),
        ]


def test_where_one_collaborates_one_hears_of_it(acme, inside, pat, cleo, make_quote, tell, notices):
    quote = make_quote(pat)
    tell()
    with inside(acme):
        from portal.quotes import news

        news.changed(quote, by=cleo)
    tell()
    assert told(notices("quotes.changed"))["Pat"] == ("", "waiting", "")


def test_who_may_not_see_it_is_not_told(acme, inside, pat, cleo, dora, make_quote, tell, notices):
    from segments import editing
    from segments.permissions import set_permissions

    with inside(acme):
        segment = editing.create(
            level="contact", kind="static", name="Restricted", members=[cleo.pk], by=Actor("team", "", "Ada")
        )
        set_permissions(segment, invite="inherit", restricted=True)
    make_quote(pat)
    tell()
    assert told(notices(QUOTE))["Cleo"] == ("not_visible", "none", "not_visible")
    assert told(notices(QUOTE))["Dora"][0] == ""


def test_saving_ten_times_is_told_once_an_hour(acme, inside, pat, cleo, make_quote, tell):
    from portal.quotes import news

    quote = make_quote(pat)
    with inside(acme):
        for _ in range(10):
            news.changed(quote, by=pat)
    tell()
    with inside(acme):
        assert Event.objects.filter(kind="quotes.changed").count() == 1


def test_telling_twice_is_telling_once(acme, inside, pat, cleo, make_quote, tell):
    make_quote(pat)
    tell()
    with inside(acme):
        Event.objects.update(handled_at=None)
    tell()
    with inside(acme):
        assert Notice.objects.filter(contact=cleo).count() == 1


def test_what_is_told_in_part_goes_on_where_it_stopped(
    acme, inside, pat, cleo, dora, make_quote, tell, monkeypatch
):
    monkeypatch.setattr(events, "AT_ONCE", 1)
    make_quote(pat)
    tell()
    with inside(acme):
        assert Notice.objects.count() == 3
        assert not Event.objects.filter(handled_at=None).exists()


def test_a_rollback_of_the_cause_tells_nobody(acme, inside, pat, cleo, make_quote, tell, notices):
    with pytest.raises(RuntimeError), inside(acme):
        make_quote(pat)
        raise RuntimeError
    tell()
    assert notices() == {}


def test_the_quote_is_gone_and_so_is_its_notice(acme, inside, pat, cleo, make_quote, tell):
    quote = make_quote(pat)
    tell()
    assert in_portal(acme, inside, cleo) == [f"Pat made Q-{quote.number}"]
    with inside(acme):
        Quote.objects.filter(pk=quote.pk).delete()
    assert in_portal(acme, inside, cleo) == []


def test_the_team_changes_the_profile(acme, inside, ada, brightpath, pat, cleo, tell):
    by = Actor.of_member(ada)
    with inside(acme):
        set_properties(brightpath, {"tier": "silver"}, by=by)
    tell()
    assert in_portal(acme, inside, cleo) == ["Acme changed your company’s profile"]


def test_what_the_profile_does_not_show_is_no_news(acme, inside, ada, brightpath, pat, tell):
    from portal.profile.models import ProfileLayout

    with inside(acme):
        layout = ProfileLayout.ensure()
        layout.fields.filter(prop__key="phase").delete()
        set_properties(brightpath, {"phase": "prospecting"}, by=Actor.of_member(ada))
        set_properties(brightpath, {"tier": "silver"}, by=Actor.of_member(ada))
    tell()
    assert in_portal(acme, inside, pat) == ["Acme changed your company’s profile"]
    with inside(acme):
        layout.fields.filter(prop__key="tier").delete()
    assert in_portal(acme, inside, pat) == []


def test_the_crm_refuses_an_edit(acme, inside, brightpath, pat, cleo, tell, notices):
    with inside(acme):
        set_properties(brightpath, {"website": "https://b.example"}, by=Actor.of_contact(pat))
        prop = properties_of("partner")["website"]
        delivery_changed.send(
            sender=PropertyDelivery,
            record_id=str(brightpath.pk),
            properties=[prop],
            state="refused",
            crm="hubspot",
            message="Not a domain.",
        )
    tell()
    found = notices("profile.refused")
    assert (found["Pat"].mail, found["Cleo"].mail_why) == ("waiting", "mine_workspace")
    assert in_portal(acme, inside, pat) == ["HubSpot refused a change of Website"]


def test_a_colleague_is_invited(acme, inside, ada, brightpath, pat, tell):
    from workspaces.properties import create_contact

    with inside(acme):
        newcomer = create_contact(
            brightpath, {"email": "new@example.com", "name": "Nora"}, by=Actor.of_member(ada)
        )
        invite(newcomer, by=ada)
        invite(newcomer, by=ada)
    tell()
    assert in_portal(acme, inside, pat) == ["Acme invited Nora to the portal"]
    with inside(acme):
        suspend(newcomer)
    assert in_portal(acme, inside, pat) == []


def test_old_events_go(acme, inside, pat, cleo, make_quote, tell):
    from datetime import timedelta

    from django.utils import timezone

    make_quote(pat)
    tell()
    with inside(acme):
        Event.objects.update(at=timezone.now() - timedelta(days=181))
    jobs.run(acme.pk, "notifications.tidy")
    with inside(acme):
        assert Event.objects.count() == Notice.objects.count() == 0


def test_an_event_that_cannot_be_told_keeps_no_other_from_it(
    acme, inside, pat, cleo, make_quote, tell, monkeypatch
):
    from portal.notifications import telling

    bad, good = make_quote(pat), make_quote(pat)
    real = telling.tell

    def breaks(news):
        if news.event.subject_id == bad.pk:
            raise ZeroDivisionError
        real(news)

    with monkeypatch.context() as broken:
        broken.setattr(telling, "tell", breaks)
        with pytest.raises(ZeroDivisionError):
            tell()
    assert in_portal(acme, inside, cleo) == [f"Pat made {good}"]
    tell()  # its note is still there
    assert set(in_portal(acme, inside, cleo)) == {f"Pat made {good}", f"Pat made {bad}"}


def test_many_changes_of_the_team_are_noted_together(
    acme, inside, ada, brightpath, kestrel, django_assert_num_queries
):
    from django.utils import timezone

    from portal.profile import news
    from workspaces.signals import RecordChange

    with inside(acme):
        tier = properties_of("partner")["tier"].number
        changes = [
            RecordChange(partner, "partner", Actor.of_member(ada), timezone.now(), values={tier: ("a", "b")})
            for partner in (brightpath, kestrel)
        ]
        with django_assert_num_queries(5):
            news.note_changes(None, changes)
        assert Event.objects.count() == 2
