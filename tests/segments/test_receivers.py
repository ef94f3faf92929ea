from django.db import connection
from django.test.utils import CaptureQueriesContext

from segments import editing
from segments.engine import publishing
from tests.segments.engine.test_related import ask  # noqa: F401  fixture
from workspaces import invitations
from workspaces.actors import Actor
from workspaces.models import Property
from workspaces.properties import define_properties
from workspaces.property_usage import uses


def test_a_property_knows_the_segments_that_ask_for_it(acme, inside, gold, make_segment):
    make_segment("Gold people", ("partner.tier", "is_any_of", ["gold"]), level="contact")
    with inside(acme):
        define_properties([{"level": "partner", "key": "vat", "label": "VAT", "type": "text"}])
        tier, vat = (Property.objects.get(level="partner", key=key) for key in ("tier", "vat"))

        assert [use.label for use in uses(tier)] == ["Segment Gold partners", "Segment Gold people"]
        assert uses(vat) == []


def test_also_what_is_asked_of_records_and_compared_with(acme, inside, ask, number, monkeypatch):  # noqa: F811
    where = [(number("contact", "role"), "is_any_of", ["admin"])]
    ask("Has an admin", "records:contacts", "any", where=where)
    measure = {"p": number("deal", "amount"), "op": "gte", "v": {"a": 1, "c": "EUR"}}
    ask("Sells", "records:deals", "sum", measure)
    monkeypatch.setattr(publishing, "INLINE", 0)  # on its way, and not in effect yet
    other = {"p": number("partner", "country"), "of": "self"}
    ask("At home", number("partner", "name"), "eq_field", other)
    asked = [("contact", "role"), ("deal", "amount"), ("partner", "country")]
    with inside(acme):
        found = [uses(Property.objects.get(level=level, key=key)) for level, key in asked]
        names = [[use.label for use in several if "Role is" not in use.label] for several in found]
    assert names == [["Segment Has an admin"], ["Segment Sells"], ["Segment At home"]]


def test_an_archived_segment_no_longer_holds_a_property(acme, ada, inside, gold):

    with inside(acme):
        tier = Property.objects.get(level="partner", key="tier")
        editing.archive(gold, by=Actor.of_member(ada))

        assert uses(tier) == []


def test_a_suspension_is_told_to_the_persons_open_pages(acme, inside, pat):
    with inside(acme), CaptureQueriesContext(connection) as queries:
        invitations.suspend(pat)

    told = [query["sql"] for query in queries if "pg_notify" in query["sql"]]
    assert len(told) == 1
    assert f"{acme.pk}:{pat.pk}" in told[0]
