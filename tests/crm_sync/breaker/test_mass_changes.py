"""A change of so many records at once that it may be a mistake waits for a person; what is new never does."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from crm_sync.breaker import counting, deciding
from crm_sync.breaker.counting import Change, Gate
from crm_sync.models import (
    AuditEntry,
    Connection,
    CountedChange,
    ExternalRecord,
    ImportRule,
    InboxEvent,
    MassChange,
)
from crm_sync.models.mass_changes import Way
from workspaces.actors import Actor
from workspaces.jobs import leave_work
from workspaces.models import Partner
from workspaces.properties import Edit, properties_of, set_many

FIRMS, LEAST = 10, 4  # 30 % of them are fewer, so the fifth is one too many
ADA = Actor("team", "", "Ada")


@pytest.fixture(autouse=True)
def _a_few_are_many(monkeypatch):
    monkeypatch.setattr(counting, "LEAST", LEAST)


@pytest.fixture
def firms(sync, drain):
    """Ten linked partners, all gold and in Belgium on both sides."""
    values = {"partner_tier": "gold", "country": "Belgium"}
    sync.crm.seed(companies={str(n): {"name": f"Firm {n}"} | values for n in range(1, FIRMS + 1)})
    with sync.inside():
        edits = [Edit(Partner(), {"name": f"Firm {n}"}, created=True) for n in range(1, FIRMS + 1)]
        set_many(edits, by=Actor("import", "", "Import"))
        ExternalRecord.objects.bulk_create(
            ExternalRecord(
                connection=sync.connection, object_type="company", external_id=str(n), partner=edit.record
            )
            for n, edit in enumerate(edits, 1)
        )
    read_all(sync, drain)
    with sync.inside():
        assert not MassChange.objects.exists()  # a first meeting takes nothing away
        assert not CountedChange.objects.exists()
    return [edit.record for edit in edits]


def read_all(sync, drain):
    from crm_sync.agreement.refreshing import refresh

    with sync.inside():
        refresh(sync.connection.records.all())
    drain()


def everywhere(sync, push, drain, **values):
    """The CRM changes every company, and tells of it."""
    for n in range(1, FIRMS + 1):
        sync.crm.edit(str(n), **values)
    push(*({"objectId": n, "propertyName": name} for n in range(1, FIRMS + 1) for name in values))
    drain()


def held(sync):
    with sync.inside():
        mass = MassChange.objects.open().select_related("connection", "mapping__prop").get()
        return mass, mass.held.count()


def tiers(sync):
    with sync.inside():
        tier = properties_of("partner")["tier"]
        return sorted(str(partner.value(tier)) for partner in Partner.objects.filter(name__startswith="Firm"))


def states(sync):
    with sync.inside():
        rows = InboxEvent.objects.exclude(kind="portal.refresh").values_list("state", flat=True)
        return {state: list(rows).count(state) for state in set(rows)}


def later(sync, drain, **passed):
    """As if that much time had passed."""
    with sync.inside():
        CountedChange.objects.update(at=timezone.now() - timedelta(**passed))
        MassChange.objects.update(
            opened_at=timezone.now() - timedelta(**passed), decided_at=timezone.now() - timedelta(**passed)
        )


def test_a_field_that_is_emptied_everywhere_stops_at_the_limit_and_its_events_are_kept(
    sync, firms, push, drain, ada, django_capture_on_commit_callbacks
):
    everywhere(sync, push, drain, partner_tier="")

    mass, count = held(sync)
    assert (mass.through, mass.size, count) == (LEAST, FIRMS, FIRMS - LEAST)
    assert tiers(sync) == sorted(["None"] * LEAST + ["gold"] * (FIRMS - LEAST))
    assert states(sync) == {"done": LEAST, "held": FIRMS - LEAST}
    with sync.inside():
        MassChange.objects.update(opened_at=timezone.now() - timedelta(minutes=2))
        leave_work("crm.mass_changes")
    with django_capture_on_commit_callbacks(execute=True):
        drain()
        drain()
    [sent] = mail.outbox
    assert f"{LEAST} of {FIRMS} went through before, {FIRMS - LEAST} are held" in sent.body
    assert "Gold → empty" in sent.body
    assert f"/held/{mass.pk}/" in sent.body


def test_other_fields_and_single_changes_pass_meanwhile(sync, firms, push, drain):
    everywhere(sync, push, drain, partner_tier="")
    sync.crm.edit(str(FIRMS), country="France")
    push({"objectId": FIRMS, "propertyName": "country"})
    drain()

    assert sync.values(firms[-1])["country"] == "France"
    assert sync.values(firms[-1])["tier"] == "gold"


def test_what_is_let_through_arrives_and_what_follows_passes_too(sync, firms, push, drain):
    everywhere(sync, push, drain, partner_tier="silver")
    mass, _ = held(sync)
    with sync.inside():
        assert deciding.release(mass, by=ADA)
        assert not deciding.release(mass, by=ADA)  # of two admins one is first
    drain()
    assert tiers(sync) == ["silver"] * FIRMS
    assert states(sync) == {"done": FIRMS}

    everywhere(sync, push, drain, partner_tier="platinum")
    assert tiers(sync) == ["platinum"] * FIRMS
    with sync.inside():
        assert not MassChange.objects.open().exists()
        [entry] = AuditEntry.objects.filter(action="mass_change")
    assert (entry.by, entry.message) == ("Ada", "Tier from HubSpot: 6 held were let through.")


def test_what_is_discarded_stays_so_until_either_side_changes_and_what_came_in_can_be_put_back(
    sync, firms, push, drain
):
    everywhere(sync, push, drain, partner_tier="")
    mass, _ = held(sync)
    with sync.inside():
        deciding.reject(mass, reason="A broken workflow.", by=ADA, put_back=True)
    drain()
    assert tiers(sync) == ["gold"] * FIRMS
    assert states(sync) == {"done": LEAST, "discarded": FIRMS - LEAST}
    read_all(sync, drain)
    assert tiers(sync) == ["gold"] * FIRMS  # nobody is asked about the same again

    sync.crm.edit(str(FIRMS), partner_tier="platinum")
    push({"objectId": FIRMS, "propertyName": "partner_tier"})
    drain()
    assert sync.values(firms[-1])["tier"] == "platinum"


def test_a_change_that_the_crm_takes_back_is_over_by_itself(sync, firms, push, drain):
    everywhere(sync, push, drain, partner_tier="")
    everywhere(sync, push, drain, partner_tier="gold")

    assert tiers(sync) == ["gold"] * FIRMS
    with sync.inside():
        assert [mass.state for mass in MassChange.objects.all()] == ["over"]
        assert not CountedChange.objects.exclude(held_by=None).exists()


def test_the_same_spread_over_days_is_ordinary_work(sync, firms, push, drain):
    for start in (1, 5):
        for n in range(start, start + 4):
            sync.crm.edit(str(n), partner_tier="silver")
        push(*({"objectId": n, "propertyName": "partner_tier"} for n in range(start, start + 4)))
        drain()
        later(sync, drain, hours=2)

    assert tiers(sync) == ["gold"] * 2 + ["silver"] * 8


def test_an_import_of_many_records_is_no_mass_change(sync, push, drain):
    from crm_sync.sweeps import jobs

    companies = {str(n): {"name": f"Firm {n}", "partner_tier": "gold"} for n in range(1, 31)}
    sync.crm.seed(companies=companies)
    with sync.inside():
        ImportRule.objects.create(connection=sync.connection, object_type="company", enabled=True)
        jobs.start(sync.connection, kind="backfill", object_type="company", by="Ada")
    drain()

    assert tiers(sync) == ["gold"] * 30
    with sync.inside():
        assert not MassChange.objects.exists()
        assert not CountedChange.objects.exists()


def test_a_blank_that_is_filled_everywhere_takes_nothing_away(sync, firms, push, drain):
    everywhere(sync, push, drain, website="https://example.com")

    with sync.inside():
        assert not MassChange.objects.exists()


def test_mass_deletions_wait_and_discarding_them_leaves_everybody_their_way_in(sync, firms, push, drain):
    from crm_sync.standins.hubspot import lives
    from workspaces.models import Contact
    from workspaces.properties import create_contact

    with sync.inside():
        ImportRule.objects.create(
            connection=sync.connection, object_type="company", enabled=True, when_deleted="suspend"
        )
        for firm in firms:
            create_contact(firm, {"email": f"{firm.pk}@example.com"}, by=ADA, status=Contact.Status.ACTIVE)
    for n in range(1, FIRMS + 1):
        lives.archive(sync.crm.portal, "companies", str(n), by_app=False)
    push(*({"objectId": n, "subscriptionType": "object.deletion"} for n in range(1, FIRMS + 1)))
    drain()
    mass, count = held(sync)
    assert (mass.mapping, count) == (None, FIRMS - LEAST)
    with sync.inside():
        assert Contact.objects.filter(status="suspended").count() == LEAST
        deciding.reject(mass, reason="Restored tomorrow.", by=ADA)
        assert Contact.objects.filter(status="suspended").count() == LEAST
        assert ExternalRecord.objects.filter(state="archived").count() == FIRMS
    drain()
    assert states(sync) == {"skipped": LEAST, "discarded": FIRMS - LEAST}


@pytest.mark.parametrize("decision", ["release", "reject"])
def test_a_mass_edit_here_is_held_on_its_way_to_the_crm(sync, firms, drain, decision):
    with sync.inside():
        set_many([Edit(firm, {"country": "France"}) for firm in firms], by=Actor("team", "", "Mia"))
    drain()
    assert sync.crm.portal.writes == LEAST
    mass, count = held(sync)
    assert (mass.way, count) == (Way.OUT, FIRMS - LEAST)
    assert sync.delivery(firms[-1], "country")[0] == "saved"

    with sync.inside():
        if decision == "release":
            deciding.release(mass, by=ADA)
        else:
            deciding.reject(mass, reason="Not for them.", by=ADA)
    drain()
    read_all(sync, drain)
    there = [sync.crm.company(str(n))["country"] for n in range(1, FIRMS + 1)]
    assert there.count("France") == (FIRMS if decision == "release" else LEAST)
    assert {sync.values(firm)["country"] for firm in firms} == {"France"}
    assert {state for _, _, state in sync.changes()} == (
        {"done"} if decision == "release" else {"done", "discarded"}
    )


def test_an_edit_of_what_is_held_waits_without_being_tried_again_and_again(sync, firms, push, edit, drain):
    everywhere(sync, push, drain, country="")
    edit(firms[-1], country="Italy")
    sync.crm.calls.clear()
    drain()

    assert len(sync.crm.calls) < 5
    assert sync.crm.company(str(FIRMS))["country"] == ""
    assert sync.values(firms[-1])["country"] == "Italy"


def test_nothing_is_held_where_an_admin_switched_it_off(sync, firms, push, drain):
    with sync.inside():
        Connection.objects.update(mass_percent=0)
    everywhere(sync, push, drain, partner_tier="")

    assert tiers(sync) == ["None"] * FIRMS


def test_a_record_counts_once_and_the_limit_is_a_part_of_those_with_a_value(sync, firms):
    with sync.inside():
        links = list(sync.connection.records.order_by("pk"))
        tier = sync.connection.mappings.get(field="partner_tier")
        sync.connection.mass_percent = 80
        gate = Gate(sync.connection, "company", Way.IN)
        again = [gate.held([Change(links[0], tier, before="gold", after=str(n))]) for n in range(9)]
        rest = [len(gate.held([Change(link, tier, before="gold", after="x")])) for link in links]

    assert again == [[]] * 9
    assert rest == [0] * 8 + [1] * 2  # 80 % of ten
