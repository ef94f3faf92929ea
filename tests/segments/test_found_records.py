"""Why shows the related records that a condition found."""

import pytest

from segments.why import Why, lines
from tests.portal.deals.conftest import euros, make_deal  # noqa: F401  fixtures
from tests.segments.engine.test_related import ask, quote, send  # noqa: F401  fixtures


@pytest.fixture
def told(acme, inside):
    """What the conditions of a segment found at a record."""

    def look(segment, record):
        with inside(acme):
            why = Why(segment, record, member=None)
            return [node.told for _, node in lines(why.tree) if node.words and not node.items]

    return look


def test_the_records_that_fit_are_named(ask, quote, send, told, brightpath, kestrel, pat):  # noqa: F811
    sent = [("_status", "is_any_of", ["sent"])]
    segment = ask("Has sent two", "records:quotes", "at_least", 2, where=sent)
    made = [quote(pat, customer=name) for name in ("Alpenbank", "Bernhardt", "Ciné")]
    for one in made[:2]:
        send(one, pat)
    assert told(segment, brightpath) == [f"2 of 3: {made[1]} (Bernhardt), {made[0]} (Alpenbank)"]
    assert told(segment, kestrel) == ["there is none"]


def test_of_many_some_are_named_and_what_is_measured_comes_first(ask, quote, told, brightpath, pat):  # noqa: F811
    measure = {"p": "_amount", "op": "gte", "v": {"a": 250, "c": "EUR"}}
    segment = ask("A lot", "records:quotes", "sum", measure)
    made = [quote(pat) for _ in range(5)]
    names = ", ".join(f"{one} (Alpenbank)" for one in reversed(made[2:]))
    assert told(segment, brightpath) == [f"€500, from 5 of 5: {names} and 2 more"]


def test_a_contact_is_told_of_its_partners_records(ask, number, told, pat):  # noqa: F811
    role = [(number("contact", "role"), "is_any_of", ["admin"])]
    segment = ask("Colleagues", "records:contacts", "any", where=role, level="contact", of="partner")
    assert told(segment, pat) == ["1 of 1: Pat"]


NAME, SUM = "Zephyrine merger", "77,777"


class TestWhoMayNotOpenThem:
    """A partner manager finds the deals of their own partners only; of others they learn how many there are."""

    @pytest.fixture
    def pages(self, acme, inside, ask, number, make_deal, euros, kestrel, sam):  # noqa: F811
        """Every page that explains: what is told of the deal of another manager's partner could stand on each."""
        make_deal(kestrel, NAME, amount=euros(77_777))
        many = {"p": number("deal", "amount"), "op": "gte", "v": {"a": 1, "c": "EUR"}}
        sides = {"partner": ("self", kestrel), "contact": ("partner", sam)}
        found = []
        for level, (of, record) in sides.items():
            has = ask(f"Has deals, {level}", "records:deals", "any", level=level, of=of)
            sum = ask(f"Sells, {level}", "records:deals", "sum", many, level=level, of=of)
            for segment in (has, sum):
                home = f"/acme/settings/segments/{segment.pk}/"
                told = SUM if segment == sum else NAME
                found += [(home, told), (f"{home}members/", told), (f"{home}members/export/", told)]
                found += [(f"{home}members/{record.pk}/", told)]
            found.append((f"/acme/settings/{level}s/{record.pk}/access/", SUM))
        return found

    def told(self, client, address):
        answer = client.get(address)
        assert answer.status_code == 200
        return b"".join(answer).decode()

    def test_they_are_counted_and_not_named(self, as_user, ada, mia, pages):
        for address, told in pages:
            assert told in self.told(as_user(ada), address), address
            hidden = self.told(as_user(mia), address)
            assert NAME not in hidden, address
            assert SUM not in hidden, address
            assert "1 of 1" in hidden, address

    def test_of_their_own_partner_they_are_named(self, acme, inside, as_user, mia, kestrel, pages):
        with inside(acme):
            kestrel.owner = mia
            kestrel.save(update_fields=["owner"])
        for address, told in pages:
            assert told in self.told(as_user(mia), address), address
