"""So many contacts or deals taken from their companies at once that it may be a mistake wait for a person."""

import pytest

from crm_sync.breaker import counting, deciding
from crm_sync.models import ExternalRecord, InboxEvent, MassChange
from crm_sync.standins.hubspot import lives
from portal.deals import attributed
from portal.deals.models import AttributedRecord
from workspaces import keys
from workspaces.actors import Actor
from workspaces.jobs import leave_work
from workspaces.models import Contact
from workspaces.properties import Edit, set_many

MANY, LEAST = 8, 4
ADA = Actor("team", "", "Ada")
IDS = [str(number) for number in range(101, 101 + MANY)]


@pytest.fixture(params=["contact", "deal"])
def kind(request, sync, linked, monkeypatch):
    """Eight contacts or deals of Brightpath, which is company 1, on both sides."""
    monkeypatch.setattr(counting, "LEAST", LEAST)
    by, plural = Actor("import", "", "Import"), f"{request.param}s"
    if request.param == "contact":
        sync.map("name", "firstname", "in", level="contact")
        sync.crm.seed(contacts={i: {"email": f"{i}@firm.example", "firstname": "Ann"} for i in IDS})
    else:
        sync.crm.seed(deals={i: {"dealname": f"Deal {i}"} for i in IDS})
    with sync.inside():
        if request.param == "contact":
            values = [{"email": f"{i}@firm.example", "name": "Ann"} for i in IDS]
            edits = [Edit(Contact(partner=linked), one, partner=linked, created=True) for one in values]
            set_many(edits, by=by)
            made = [edit.record for edit in edits]
        else:
            coming = [attributed.Coming("deal", {"name": f"Deal {i}"}, linked) for i in IDS]
            made = attributed.create_many(coming, by=by)
        link = "contact" if request.param == "contact" else "attributed"
        ExternalRecord.objects.bulk_create(
            ExternalRecord(
                connection=sync.connection, object_type=request.param, external_id=i, **{link: record}
            )
            for i, record in zip(IDS, made, strict=True)
        )
    for i in IDS:
        sync.crm.portal.associate(plural, i, "companies", "1", primary=True)
    return request.param


def loosen(sync, kind, drain):
    for i in IDS:
        lives.dissociate(sync.crm.portal, f"{kind}s", i, "companies", "1")
    tell(sync, kind, drain)


def tell(sync, kind, drain):
    with sync.inside():
        for i in IDS:
            InboxEvent.objects.create(
                connection=sync.connection,
                fingerprint=keys.uuid7().hex,
                kind=f"{kind}.associationChange",
                object_type=kind,
                external_id=i,
            )
        leave_work("crm.inbox")
    drain()


def put_aside(sync, kind):
    with sync.inside():
        if kind == "contact":
            return Contact.objects.filter(status="suspended").count()
        return AttributedRecord.objects.exclude(archived_at=None).count()


@pytest.mark.parametrize("decision", ["release", "reject"])
def test_what_is_taken_from_its_company_stops_at_the_limit_and_goes_on_or_stays(sync, kind, drain, decision):
    loosen(sync, kind, drain)
    assert put_aside(sync, kind) == LEAST
    with sync.inside():
        mass = MassChange.objects.open().get()
        assert (mass.object_type, mass.mapping, mass.held.count()) == (kind, None, MANY - LEAST)
        assert InboxEvent.objects.filter(state="held").count() == MANY - LEAST
        if decision == "release":
            deciding.release(mass, by=ADA)
        else:
            deciding.reject(mass, reason="A workflow went wrong.", by=ADA)
    drain()
    tell(sync, kind, drain)  # and once more, which changes nothing

    assert put_aside(sync, kind) == (MANY if decision == "release" else LEAST)
    with sync.inside():
        assert not MassChange.objects.open().exists()
        assert ExternalRecord.objects.linked().filter(object_type=kind).count() == MANY


def test_what_was_discarded_counts_no_longer_once_the_crm_named_a_company_again(sync, kind, drain):
    loosen(sync, kind, drain)
    with sync.inside():
        deciding.reject(MassChange.objects.open().get(), reason="A workflow.", by=ADA)
    lives.associate(sync.crm.portal, f"{kind}s", IDS[-1], "companies", "1", primary=True)
    tell(sync, kind, drain)
    lives.dissociate(sync.crm.portal, f"{kind}s", IDS[-1], "companies", "1")
    tell(sync, kind, drain)

    assert put_aside(sync, kind) == LEAST + 1


def test_what_is_back_with_its_company_is_held_no_longer(sync, kind, drain):
    loosen(sync, kind, drain)
    for i in IDS:
        lives.associate(sync.crm.portal, f"{kind}s", i, "companies", "1", primary=True)
    tell(sync, kind, drain)

    assert put_aside(sync, kind) == 0
    with sync.inside():
        assert MassChange.objects.get().state == MassChange.State.OVER
