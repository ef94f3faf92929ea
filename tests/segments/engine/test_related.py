"""Rules that ask for related records and for activity, over the real tables: right in the same transaction, and
when only time has passed.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from portal.quotes import drafts
from segments import activity, editing
from segments.engine import definitions, publishing
from segments.engine.causes import in_words
from segments.engine.definitions import fields_of
from segments.models import Activity, ContactState, MembershipChange, PartnerState, Segment
from segments.rules.tree import new_tree
from tests.segments.conftest import ADA
from workspaces.keys import uuid7
from workspaces.models import Contact, Partner
from workspaces.properties import create_contact, move_contact, set_properties

# Berlin leaves summer time in the night of 25 October.
NOON = datetime(2026, 9, 24, 12, tzinfo=UTC)


@pytest.fixture
def on_time():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ask(acme, inside):
    """A segment by one condition as the tree has it."""

    def make(name, p, op, value=None, *, where=(), level="partner", of="self", glue="all"):
        leaf = {"p": p, "of": of, "op": op} | ({"v": value} if value is not None else {})
        if where:
            items = [
                {"p": key, "of": "self", "op": one, **({"v": wanted[0]} if wanted else {})}
                for key, one, *wanted in where
            ]
            leaf["where"] = {"op": glue, "items": items}
        with inside(acme):
            return editing.create(level=level, kind="dynamic", name=name, tree=new_tree(level, leaf), by=ADA)

    return make


def quote_by(by, *, customer="Alpenbank", price=100, currency="EUR"):
    """A draft by somebody, of one line."""
    head = {"customer": customer, "currency": currency, "valid_until": None, "note": ""}
    line = {"pk": None, "product": None, "title": "Workshop", "quantity": Decimal(1), "discount": Decimal(0)}
    return drafts.create_quote(
        by=by, form_key=uuid7(), head=head, lines=[line | {"unit_price": Decimal(price)}]
    )


@pytest.fixture
def quote(inside):
    def make(by, **more):
        with inside(by.workspace_id):
            return quote_by(by, **more)

    return make


@pytest.fixture
def send(inside):
    def sent(quote, by):
        with inside(by.workspace_id):
            drafts.send(quote, by=by, today=datetime.now(UTC).date())

    return sent


@pytest.fixture
def change(acme, inside):
    def to(record, **values):
        with inside(acme):
            set_properties(record, values, by=ADA)

    return to


def test_a_partner_follows_its_contacts(ask, number, change, members_of, pat, sam, kim):
    role = number("contact", "role")
    admins = ask("Has an admin", "records:contacts", "any", where=[(role, "is_any_of", ["admin"])])
    assert members_of(admins) == ["Brightpath"]
    change(sam, role="admin")
    assert members_of(admins) == ["Brightpath", "Kestrel"]
    change(pat, role="sales_rep")
    assert members_of(admins) == ["Kestrel"]


def test_people_come_and_move(acme, inside, ask, members_of, brightpath, kestrel, pat, sam):
    several = ask("Several people", "records:contacts", "at_least", 2)
    assert members_of(several) == []
    with inside(acme):
        create_contact(brightpath, {"email": "new@example.com"}, by=ADA)
    assert members_of(several) == ["Brightpath"]
    with inside(acme):
        move_contact(pat, kestrel, by=ADA)
    assert members_of(several) == ["Kestrel"]


def test_people_who_are_deleted_count_no_more(acme, inside, ask, members_of, brightpath, pat, sam):
    staffed = ask("Staffed", "records:contacts", "any")
    assert members_of(staffed) == ["Brightpath", "Kestrel"]
    with inside(acme):
        Contact.objects.get(pk=pat.pk).delete()
        Partner.objects.get(pk=sam.partner_id).delete()
    assert members_of(staffed) == []


def test_who_did_not_know_of_the_rule_yet_asks_again_under_the_locks(
    ask, number, change, members_of, monkeypatch, sam
):
    """Another process published it: this one guesses wrong, and takes the partner's lock at the second go."""
    role = number("contact", "role")
    admins = ask("Has an admin", "records:contacts", "any", where=[(role, "is_any_of", ["admin"])])
    monkeypatch.setattr(definitions, "remembered", lambda: None)
    change(sam, role="admin")
    assert members_of(admins) == ["Kestrel"]


def test_who_was_looked_at_before_all_was_known_of_them_is_put_right(
    acme, inside, quote, change, members_of, monkeypatch, drain, pat
):
    """A build that is being made is asked at every change, and what it asks of others may not be worked out yet."""
    quote(pat)
    monkeypatch.setattr(publishing, "INLINE", 0)
    conditions = [("records:contacts", 5), ("records:quotes", 1)]
    items = [{"p": p, "of": "self", "op": "at_least", "v": least} for p, least in conditions]
    tree = new_tree("partner", *items, op="none")
    with inside(acme):
        editing.create(level="partner", kind="dynamic", name="Quiet", tree=tree, by=ADA)
        create_contact(pat.partner, {"email": "new@example.com"}, by=ADA)
    drain()
    with inside(acme):
        assert members_of(Segment.objects.get(name="Quiet")) == []


def test_all_means_that_there_is_one(acme, inside, ask, number, change, members_of, kestrel, pat):
    role = number("contact", "role")
    where = [(role, "is_any_of", ["admin"])]
    every = ask("All admins", "records:contacts", "all", where=where)
    or_none = ask("All admins or nobody", "records:contacts", "all_or_none", where=where)
    assert (members_of(every), members_of(or_none)) == (["Brightpath"], ["Brightpath", "Kestrel"])
    with inside(acme):
        create_contact(kestrel, {"email": "new@example.com", "role": "marketing"}, by=ADA)
    assert (members_of(every), members_of(or_none)) == (["Brightpath"], ["Brightpath"])


def test_colleagues_follow_what_is_known_of_their_partner(ask, number, change, seen_by, pat, sam):
    role = number("contact", "role")
    where = [(role, "is_any_of", ["marketing"])]
    ask("Partner markets", "records:contacts", "any", where=where, level="contact", of="partner")
    assert (seen_by(pat), seen_by(sam)) == ([], [])
    change(sam, role="marketing")
    assert (seen_by(pat), seen_by(sam)) == ([], ["Partner markets"])


def test_quotes_count_as_soon_as_they_are_saved(
    acme, inside, ask, quote, send, members_of, seen_by, pat, sam
):
    sent = [("_status", "is_any_of", ["sent"])]
    sellers = ask("Has sent two", "records:quotes", "at_least", 2, where=sent)
    mine = ask("Made one", "records:quotes", "any", level="contact")
    first, second = quote(pat), quote(pat)
    assert (members_of(sellers), members_of(mine)) == ([], ["Pat"])
    send(first, pat)
    send(second, pat)
    assert members_of(sellers) == ["Brightpath"]
    with inside(acme):
        cause = MembershipChange.objects.get(segment=sellers, joined=True).cause
        assert in_words(cause, fields_of("partner")) == "Its quotes changed, by Pat"


def test_amounts_are_summed_within_one_currency(ask, quote, members_of, pat, sam, kim):
    measure = {"p": "_amount", "op": "gte", "v": {"a": 250, "c": "EUR"}}
    big = ask("More than 250 EUR", "records:quotes", "sum", measure)
    largest = ask("A quote of 200", "records:quotes", "largest", measure | {"v": {"a": 200, "c": "EUR"}})
    quote(pat, price=150)
    quote(pat, price=99)
    quote(pat, price=1000, currency="USD")
    quote(sam, price="250.01")
    assert (members_of(big), members_of(largest)) == (["Kestrel"], ["Kestrel"])
    quote(pat, price=1)
    assert members_of(big) == ["Brightpath", "Kestrel"]


def test_customers_are_compared_as_all_text_is(ask, quote, members_of, pat):
    where = [("_customer", "contains", "STRASSE")]
    street = ask("In the street", "records:quotes", "any", where=where)
    quote(pat, customer="Bank an der Hauptstraße")
    assert members_of(street) == ["Brightpath"]


def test_a_quote_grows_old_by_itself(
    acme, inside, on_time, ask, quote, send, sweep, members_of, seen_by, pat, sam
):
    lately = [("_sent", "within_last", {"n": 30, "unit": "day"})]
    fresh = ask("Sent lately", "records:quotes", "any", where=lately)
    below = ask("Partner sent lately", "records:quotes", "any", where=lately, level="contact", of="partner")
    send(quote(pat), pat)
    assert (members_of(fresh), members_of(below)) == (["Brightpath"], ["Pat"])
    on_time.move_to(datetime(2026, 10, 24, 21, 59, tzinfo=UTC))  # one minute before midnight in Berlin
    sweep()
    assert members_of(fresh) == ["Brightpath"]
    on_time.move_to(datetime(2026, 10, 24, 22, 0, tzinfo=UTC))  # 25 October begins; the night has 25 hours
    assert seen_by(pat) == []  # a read is right before anybody has swept
    assert members_of(fresh) == ["Brightpath"]
    sweep()
    assert (members_of(fresh), members_of(below)) == ([], [])
    with inside(acme):
        states = [PartnerState.objects.get(partner=pat.partner), ContactState.objects.get(contact=pat)]
        assert [state.next_flip_at for state in states] == [None, None]


def test_what_lies_ahead_comes_by_itself(on_time, ask, quote, send, sweep, members_of, pat):
    long_ago = [("_sent", "more_than_ago", {"n": 2, "unit": "hour"})]
    old = ask("Nothing new", "records:quotes", "all", where=long_ago)
    send(quote(pat), pat)
    on_time.shift(timedelta(hours=1))
    send(quote(pat), pat)
    on_time.shift(timedelta(hours=1, milliseconds=1))
    sweep()
    assert members_of(old) == []
    on_time.shift(timedelta(hours=1))
    sweep()
    assert members_of(old) == ["Brightpath"]


def test_the_newest_is_compared_and_moves_with_time(on_time, ask, quote, send, sweep, members_of, pat, sam):
    measure = {"p": "_sent", "op": "more_than_ago", "v": {"n": 7, "unit": "day"}}
    quiet = ask("Quiet for a week", "records:quotes", "newest", measure)
    send(quote(pat), pat)
    assert members_of(quiet) == []
    on_time.shift(timedelta(days=9))
    sweep()
    assert members_of(quiet) == ["Brightpath"]
    send(quote(pat), pat)
    assert members_of(quiet) == []


def test_a_moved_time_zone_looks_again(acme, on_time, ask, quote, send, sweep, members_of, pat):
    lately = [("_sent", "within_last", {"n": 1, "unit": "day"})]
    fresh = ask("Sent lately", "records:quotes", "at_least", 1, where=lately)
    send(quote(pat), pat)
    on_time.move_to(datetime(2026, 9, 25, 22, 0, tzinfo=UTC))  # the 26th begins in Berlin
    sweep()
    assert members_of(fresh) == []
    acme.time_zone = "America/New_York"  # where it is still the 25th
    acme.save()
    sweep()
    assert members_of(fresh) == ["Brightpath"]
    acme.time_zone = "Europe/Berlin"
    acme.save()


def test_activity_counts_for_the_person_and_the_partner(acme, inside, ask, members_of, pat, sam):
    twice = ask("Twice", "did:signed_in", "at_least", {"n": 2}, level="contact")
    once = ask("Exactly once", "did:signed_in", "exactly", {"n": 1})
    never = ask("Never", "did:signed_in", "never", level="contact")
    for who in (pat, sam, pat):
        with inside(acme):
            activity.note(who, "signed_in")
    assert (members_of(twice), members_of(once), members_of(never)) == (["Pat"], ["Kestrel"], [])


def test_who_did_nothing_for_so_long_is_found_by_the_clock(
    acme, inside, on_time, ask, sweep, members_of, seen_by, pat, sam
):
    value = {"within": {"n": 30, "unit": "day"}}
    away = ask("Away", "did:signed_in", "never", value, level="contact")
    with inside(acme):
        activity.note(pat, "signed_in")
    assert members_of(away) == ["Sam"]
    on_time.shift(timedelta(days=31))
    assert seen_by(pat) == ["Away"]
    sweep()
    assert members_of(away) == ["Pat", "Sam"]
    with inside(acme):
        activity.note(pat, "signed_in")
    assert members_of(away) == ["Sam"]


def test_the_first_time_is_known_when_the_newest_alone_are_kept(
    acme, inside, on_time, ask, sweep, members_of, seen_by, monkeypatch, pat, sam
):
    monkeypatch.setattr(activity, "MOST", 2)
    new = {"within": {"n": 7, "unit": "day"}}
    newcomers = ask("Newcomers", "did:signed_in", "first_within", new, level="contact")
    old = ask("At old partners", "did:signed_in", "first_before", {"day": "2026-09-25"}, of="self")
    for _ in range(4):
        with inside(acme):
            activity.note(pat, "signed_in")
        on_time.shift(timedelta(days=1))
    with inside(acme):
        activity.note(sam, "signed_in")
    assert (members_of(newcomers), members_of(old)) == (["Pat", "Sam"], ["Brightpath"])
    on_time.shift(timedelta(days=4))
    assert seen_by(pat) == ["At old partners"]
    sweep()
    assert members_of(newcomers) == ["Sam"]


def test_as_many_instants_are_kept_as_are_asked_for(acme, inside, on_time, ask, pat):
    ask("Thrice", "did:signed_in", "at_most", {"n": 2}, level="contact")
    for _ in range(110):
        on_time.shift(timedelta(seconds=1))
        with inside(acme):
            activity.note(pat, "signed_in")
    with inside(acme):
        (row,) = Activity.objects.filter(contact=pat, kind="signed_in")
        assert len(row.times) == 101
        assert row.times == sorted(row.times, reverse=True)
        (kept,) = ContactState.objects.get(contact=pat).facts.values()
        assert len(kept) == 3


def test_an_activity_moves_with_the_person(acme, inside, ask, members_of, kestrel, pat, sam):
    active = ask("Active", "did:signed_in", "at_least", {"n": 1})
    with inside(acme):
        activity.note(pat, "signed_in")
    assert members_of(active) == ["Brightpath"]
    with inside(acme):
        move_contact(pat, kestrel, by=ADA)
    assert members_of(active) == ["Kestrel"]
