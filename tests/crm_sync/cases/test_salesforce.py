"""Cases 41, 43, 57, 62, 63 over the whole way with Salesforce: from its call to the partner, and back."""

import pytest
from django.db import OperationalError

from crm_sync.connecting import providers
from crm_sync.connectors.base import COMPANY
from crm_sync.inbound import linking, receiving
from crm_sync.mapping.fields import map_field
from crm_sync.models import InboxEvent, OutboxChange
from crm_sync.standins.salesforce.messages import envelope
from tests.crm_sync.cases.signed_in import by_salesforce_app, now_of
from workspaces.actors import Actor
from workspaces.properties import properties_of, set_properties
from workspaces.tenancy import workspace_transaction

MAPPED = {"name": ("Name", "in"), "tier": ("Industry", "in"), "website": ("Website", "both")}
MAPPED |= {"country": ("BillingCountry", "both")}
TIERS = [{"value": v, "label": v, "active": True} for v in ("silver", "gold")]


class Org:
    """acme's connection to the stand-in, with Brightpath linked to an account."""

    def __init__(self, workspace, sf, partner):
        sf.org.fields["Account"]["Industry"]["picklistValues"] = TIERS
        self.workspace, self.sf, self.partner = workspace, sf, partner
        self.connection = by_salesforce_app(workspace, sf)
        self.account = sf.place(Name="Brightpath", Industry="gold", BillingCountry="Belgium")
        fields = {f.name: f for f in providers.connector_for(self.connection).fields(COMPANY)}
        with workspace_transaction(workspace):
            for key, (name, direction) in MAPPED.items():
                prop = properties_of("partner")[key]
                map_field(
                    self.connection,
                    object_type=COMPANY,
                    field=fields[name],
                    prop=prop,
                    direction=direction,
                )
            linking.link(self.connection, partner, self.account)

    def message(self, *told, **options):
        told = told or [("Account", self.account, "04l5f00000AAAAAAA1")]
        return envelope(self.sf.org, told, **options)

    def address(self):
        return receiving.salesforce_path(self.connection.secret)

    def value(self, key):
        with workspace_transaction(self.workspace):
            self.partner.refresh_from_db()
            return self.partner.value(properties_of("partner")[key])

    def events(self):
        with workspace_transaction(self.workspace):
            rows = InboxEvent.objects.exclude(kind="portal.refresh").order_by("received_at", "pk")
            return [(e.external_id, e.state) for e in rows]


@pytest.fixture
def org(acme, sf, settings, brightpath, drain):
    settings.SALESFORCE_STANDIN_URL = sf.url
    made = Org(acme, sf, brightpath)
    drain()
    sf.calls.clear()
    return made


@pytest.fixture
def call(client):
    def post(address, body):
        return client.post(address, body, content_type="text/xml", headers={"host": "localhost:8000"})

    return post


def test_an_account_is_read_when_it_is_linked(org):
    assert (org.value("name"), org.value("tier"), org.value("country")) == ("Brightpath", "gold", "Belgium")


def test_63_a_message_is_acknowledged_once_it_is_stored_and_the_record_is_read_again(org, call, drain):
    org.sf.edit(org.account, Industry="silver")
    body = org.message()
    org.sf.edit(org.account, BillingCountry="Italy")  # after the message: what counts is what a read returns

    answer = call(org.address(), body)
    assert (answer.status_code, b"<Ack>true</Ack>" in answer.content) == (200, True)
    assert org.events() == [(org.account, "pending")]
    drain()

    assert (org.value("tier"), org.value("country")) == ("silver", "Italy")


def test_63_two_notifications_of_which_one_was_seen_are_acknowledged_whole(org, call):
    other = org.sf.place(Name="Beta")
    first = ("Account", org.account, "04l5f00000AAAAAAA1")
    call(org.address(), org.message(first))

    answer = call(org.address(), org.message(first, ("Account", other, "04l5f00000AAAAAAA2")))

    assert b"<Ack>true</Ack>" in answer.content
    assert [i for i, _ in org.events()] == [org.account, other]


def test_63_without_the_database_nothing_is_acknowledged(org, call, monkeypatch):
    def away(arrivals):
        raise OperationalError("the database is away")

    monkeypatch.setattr(receiving.commits, "_store", away)

    answer = call(org.address(), org.message())

    assert answer.status_code == 503
    assert b"true" not in answer.content


def test_63_a_wrong_address_or_organisation_is_refused_without_detail(org, call):
    wrong_token = call(receiving.salesforce_path("x" * 43), org.message())
    wrong_org = call(org.address(), org.message(organization="00D000000000001AAA"))

    assert (wrong_token.status_code, wrong_org.status_code) == (403, 403)
    assert wrong_token.content == wrong_org.content == b""
    assert org.events() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        b"\xff\xfe",
    ],
)
def test_63_a_bomb_or_nonsense_is_refused(org, call, body):
    assert call(org.address(), body).status_code == 400
    assert org.events() == []


def test_63_fifteen_characters_of_an_id_are_the_same_record(org, call, drain):
    org.sf.edit(org.account, Industry="silver")
    short = org.message().replace(org.account.encode(), org.account[:15].encode())

    call(org.address(), short)
    drain()

    assert org.value("tier") == "silver"


def test_a_partners_edit_is_written_to_salesforce_once_and_its_echo_does_nothing(org, call, ada, drain):
    with workspace_transaction(org.workspace):
        set_properties(org.partner, {"country": "Italy"}, by=Actor.of_member(ada))
    drain()
    assert org.sf.row(org.account)["BillingCountry"] == "Italy"
    writes = org.sf.org.writes

    call(org.address(), org.message())
    drain()

    assert org.sf.org.writes == writes == 1
    with workspace_transaction(org.workspace):
        assert list(OutboxChange.objects.values_list("state", flat=True)) == ["done"]


def test_41_a_locked_row_is_tried_again_and_a_long_text_is_put_aside_with_salesforces_words(org, ada, drain):
    org.sf.org.locked.add(org.account)
    with workspace_transaction(org.workspace):
        set_properties(org.partner, {"country": "Italy"}, by=Actor.of_member(ada))
    drain()
    with workspace_transaction(org.workspace):
        waiting = OutboxChange.objects.get()
        assert waiting.state == "pending"
        assert "same moment" in waiting.message
        org.sf.org.locked.clear()
        set_properties(org.partner, {"country": "x" * 90}, by=Actor.of_member(ada))
    drain()
    with workspace_transaction(org.workspace):
        refused = OutboxChange.objects.filter(state="parked").get()
    assert "at most 80 characters" in refused.message


def test_62_a_field_that_permissions_hide_keeps_the_portals_value(org, call, drain):
    org.sf.org.hidden.add(("Account", "BillingCountry"))
    org.sf.edit(org.account, Industry="silver")

    call(org.address(), org.message())
    drain()

    assert (org.value("tier"), org.value("country")) == ("silver", "Belgium")
    with workspace_transaction(org.workspace):
        broken = dict(org.connection.mappings.values_list("field", "broken"))
    assert broken["BillingCountry"].startswith("This field no longer exists")


def test_the_address_of_the_messages_is_kept_sealed(org):
    stored = now_of(org.connection)

    assert org.connection.secret not in (stored.secret_sealed, stored.app)
    assert len(stored.app) == 64
