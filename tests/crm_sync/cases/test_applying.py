"""§ Applying: what happens in the CRM happens here, once, whatever the order in which it is told."""

import pytest

from crm_sync.models import AuditEntry, Conflict, ExternalRecord, InboxEvent, OutboxChange, Tombstone
from crm_sync.standins.hubspot import lives
from workspaces.models import Contact, Partner, PropertyChange


def partners(sync):
    with sync.inside():
        return sorted(Partner.objects.values_list("name", flat=True))


def test_events_in_reverse_order_leave_the_last_value(sync, linked, told, drain):
    sync.crm.edit("1", partner_tier="silver")
    sync.crm.edit("1", partner_tier="platinum")
    told(order=[1, 0])
    drain()

    assert sync.values(linked)["tier"] == "platinum"


def test_an_unmapped_property_is_skipped_without_a_call(sync, linked, push, drain):
    push({"propertyName": "industry", "propertyValue": "Retail"})
    drain()

    assert sync.events() == [("industry", "skipped", "No property is mapped to this field of the CRM.")]
    assert sync.crm.paths() == []


def test_a_record_that_is_missing_at_the_look_is_archived_and_its_values_stay(
    sync, linked, push, drain, link_of
):
    sync.crm.portal.records["companies"].clear()
    push({"propertyName": "partner_tier"})
    drain()

    assert link_of(linked) == ("archived", "1")
    assert sync.values(linked)["tier"] == "gold"
    assert [state for _, state, _ in sync.events()] == ["skipped"]


def test_after_a_merge_the_link_follows_to_the_new_id_and_old_ids_lead_there(
    sync, linked, told, push, edit, drain, link_of
):
    sync.crm.seed(companies={"2": {"name": "Brightpath Inc", "country": "France"}})
    lives.merge(sync.crm.portal, "companies", "1", ["2"], into_new=True, by_app=False)
    told()
    drain()
    state, new_id = link_of(linked)
    assert state == "linked"
    assert new_id not in ("1", "2")

    sync.crm.edit(new_id, partner_tier="silver")
    push({"propertyName": "partner_tier", "objectId": 2})
    drain()
    assert sync.values(linked)["tier"] == "silver"

    edit(linked, country="Italy")
    drain()
    assert sync.crm.company(new_id)["country"] == "Italy"


def test_a_merge_that_nobody_told_of_is_found_by_reading_the_old_id(sync, linked, push, drain, link_of):
    sync.crm.seed(companies={"2": {"name": "Brightpath Inc", "country": "Spain"}})
    lives.merge(sync.crm.portal, "companies", "2", ["1"], into_new=False, by_app=False)
    push({"propertyName": "partner_tier"})
    drain()

    assert link_of(linked) == ("linked", "2")
    assert sync.values(linked)["name"] == "Brightpath Inc"


def test_two_linked_partners_whose_companies_are_merged_both_stay_and_a_person_is_asked(
    sync, linked, kestrel, edit, told, drain, link_of
):
    sync.crm.seed(companies={"2": {"name": "Kestrel", "partner_tier": "silver"}})
    sync.link(kestrel, "2")
    drain()
    edit(kestrel, country="Italy")
    lives.merge(sync.crm.portal, "companies", "1", ["2"], into_new=False, by_app=False)
    told(times=2)
    drain()

    assert (link_of(linked), link_of(kestrel)) == (("linked", "1"), ("merged", "2"))
    assert partners(sync) == ["Brightpath", "Kestrel"]
    assert sync.values(kestrel)["country"] == "Italy"
    with sync.inside():
        [asked] = Conflict.objects.open()
        assert (asked.kind, asked.link.partner_id, asked.partner_id) == ("duplicate", linked.pk, kestrel.pk)
        assert OutboxChange.objects.get(link__partner=kestrel).state == "superseded"


def test_a_deleted_record_keeps_its_partner_and_a_restored_one_is_read_whole(
    sync, linked, edit, told, drain, link_of
):
    lives.archive(sync.crm.portal, "companies", "1", by_app=False)
    told()
    drain()
    assert link_of(linked) == ("archived", "1")
    assert sync.values(linked)["tier"] == "gold"

    lives.restore(sync.crm.portal, "companies", "1")
    sync.crm.edit("1", partner_tier="platinum")
    told(order=[0])  # the restore alone
    drain()
    assert link_of(linked) == ("linked", "1")
    assert sync.values(linked)["tier"] == "platinum"


def test_what_waits_for_a_deleted_record_goes_when_it_is_restored(sync, linked, edit, told, drain):
    edit(linked, country="Italy")
    lives.archive(sync.crm.portal, "companies", "1", by_app=False)
    drain()
    assert sync.delivery(linked, "country")[0] == "refused"

    told()
    drain()
    lives.restore(sync.crm.portal, "companies", "1")
    told()
    drain()
    assert sync.crm.company("1")["country"] == "Italy"


def test_people_of_a_deleted_company_lose_their_way_in_if_the_rule_says_so_and_have_it_again(
    sync, linked, pat, rule, told, drain
):
    rule("company", ("name", "empty"), when_deleted="suspend")
    lives.archive(sync.crm.portal, "companies", "1", by_app=False)
    told()
    drain()
    with sync.inside():
        pat.refresh_from_db()
    assert pat.status == "suspended"

    lives.restore(sync.crm.portal, "companies", "1")
    told()
    drain()
    with sync.inside():
        pat.refresh_from_db()
    assert pat.status == "active"


CANARY = "canary-4711@example.com"


@pytest.mark.parametrize("order", [[0, 1], [1, 0]], ids=["erased, deleted", "deleted, erased"])
def test_an_erased_person_is_erased_here_too_in_any_order_and_never_comes_back(
    sync, linked_pat, told, rule, drain, order
):
    rule("contact")
    sync.crm.edit("7", "contacts", email=CANARY)
    told()
    drain()
    assert sync.values(linked_pat)["email"] == CANARY
    lives.erase(sync.crm.portal, "contacts", "7")
    assert len(told(order=order, times=2)) == 2
    drain()

    with sync.inside():
        everything = [
            *Contact.objects.values_list("raw", "norm", "email", "name"),
            *PropertyChange.objects.filter(record_id=linked_pat.pk).values_list("old", "new", "new_norm"),
            *InboxEvent.objects.values_list("raw", "external_id", "reason"),
            *OutboxChange.objects.values_list("value"),
            *ExternalRecord.objects.values_list("agreed", "sent"),
            *AuditEntry.objects.values_list("message"),
        ]
        assert CANARY not in str(everything)
        assert Tombstone.objects.count() == 1
        assert Contact.objects.get(pk=linked_pat.pk).status == "suspended"

    sync.crm.seed(contacts={"7": {"email": CANARY, "firstname": "Pat"}})
    sync.crm.edit("7", "contacts", firstname="Patricia")
    told()
    drain()
    with sync.inside():
        assert not Contact.objects.filter(email=CANARY).exists()


def test_a_new_company_comes_in_if_the_rule_lets_it_and_once_however_often_it_is_told(
    sync, rule, told, drain
):
    rule("company", ("partner_tier", "one_of", "gold", "platinum"))
    sync.crm.portal.create("companies", {"name": "Norther", "partner_tier": "gold"}, by_app=False)
    sync.crm.portal.create("companies", {"name": "Souther", "partner_tier": "silver"}, by_app=False)
    [north] = [
        i for i, r in sync.crm.portal.records["companies"].items() if r.properties["name"] == "Norther"
    ]
    for n in range(5):
        sync.crm.edit(north, country=f"Country {n}")
    told(times=2)
    drain()

    assert partners(sync) == ["Norther"]
    with sync.inside():
        norther = Partner.objects.get()
    assert sync.values(norther)["tier"] == "gold"
    assert sync.values(norther)["country"] == "Country 4"
    assert {reason for _, state, reason in sync.events() if state == "skipped"} == {
        "The import rule leaves this record outside."
    }
    with sync.inside():
        assert not ExternalRecord.objects.filter(state="new").exists()


def test_without_a_rule_nothing_comes_in_and_nothing_is_read(sync, told, drain):
    sync.crm.portal.create("companies", {"name": "Norther"}, by_app=False)
    told()
    drain()

    assert partners(sync) == []
    assert sync.crm.paths() == []


def test_a_company_that_may_be_one_of_ours_is_never_linked_in_silence(sync, brightpath, rule, told, drain):
    with sync.inside():
        from workspaces.actors import SYSTEM
        from workspaces.properties import set_properties

        set_properties(brightpath, {"website": "https://www.brightpath.example/en"}, by=SYSTEM)
    rule("company")
    values = {"name": "BRIGHTPATH", "website": "http://brightpath.example"}
    sync.crm.portal.create("companies", values, by_app=False)
    told()
    drain()

    assert partners(sync) == ["Brightpath"]
    with sync.inside():
        [asked] = Conflict.objects.open()
        assert (asked.kind, asked.partner_id, asked.name) == ("match", brightpath.pk, "BRIGHTPATH")


def test_a_contact_comes_in_under_the_partner_that_is_its_company(sync, people, linked, rule, told, drain):
    rule("contact")
    made = sync.crm.portal.create("contacts", {"email": "new@b.example", "firstname": "Nia"}, by_app=False)
    lives.associate(sync.crm.portal, "contacts", made.id, "companies", "1", primary=True)
    told()
    drain()

    with sync.inside():
        contact = Contact.objects.get(email="new@b.example")
        assert (contact.partner_id, contact.name) == (linked.pk, "Nia")


def test_a_primary_association_moves_the_contact_once_and_its_removal_shuts_it_out(
    sync, linked_pat, kestrel, told, drain
):
    sync.crm.seed(companies={"2": {"name": "Kestrel", "partner_tier": "silver"}})
    sync.link(kestrel, "2")
    drain()
    lives.dissociate(sync.crm.portal, "contacts", "7", "companies", "1")
    lives.associate(sync.crm.portal, "contacts", "7", "companies", "2", primary=True)
    told()
    drain()
    with sync.inside():
        linked_pat.refresh_from_db()
        assert linked_pat.partner_id == kestrel.pk
        assert linked_pat.status != "suspended"

    lives.dissociate(sync.crm.portal, "contacts", "7", "companies", "2")
    told()
    drain()
    with sync.inside():
        linked_pat.refresh_from_db()
        assert (linked_pat.partner_id, linked_pat.status) == (kestrel.pk, "suspended")
