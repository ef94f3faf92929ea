"""§ Sweep, backfill, drift: what nobody told of is found, what was begun is ended, what changed shape is kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm_sync.inbound import importing, together
from crm_sync.models import AuditEntry, Conflict, ExternalRecord, ScanPosition, SyncJob
from crm_sync.sweeps import jobs, sweeping
from workspaces.actors import SYSTEM
from workspaces.jobs import leave_work, run
from workspaces.models import Partner
from workspaces.properties import set_properties


@pytest.fixture
def sweep(sync):
    """Lets a sweep of everything that is mapped run now."""

    def go():
        with sync.inside():
            ScanPosition.objects.filter(feed="sweep").update(next_at="2026-01-01T00:00Z")
            leave_work("crm.sweeps")
        run(sync.workspace.pk, "crm.sweeps")
        run(sync.workspace.pk, "crm.inbox")

    return go


@pytest.fixture
def start(sync):
    """Begins a job, without working on it."""

    def begin(kind, object_type="company"):
        with sync.inside():
            return jobs.start(sync.connection, kind=kind, object_type=object_type, by="Ada")

    return begin


def counted(sync, job):
    with sync.inside():
        job.refresh_from_db()
    return {"state": job.state, "seen": job.seen} | {name: getattr(job, name) for name in jobs.COUNTED}


def work(sync):
    with sync.inside():
        SyncJob.objects.update(leased_until=None, next_at="2026-01-01T00:00Z")
    run(sync.workspace.pk, "crm.sweeps")


def firms(count, **more):
    return {str(n): {"name": f"Firm {n}", "partner_tier": "gold"} | more for n in range(1, count + 1)}


def test_when_every_webhook_is_lost_the_next_sweep_makes_both_sides_equal_and_says_how_many(
    sync, linked, kestrel, drain, sweep
):
    sync.crm.seed(companies={"2": {"name": "Kestrel", "partner_tier": "silver"}})
    sync.link(kestrel, "2")
    drain()
    sync.crm.edit("1", partner_tier="platinum", country="France")
    sync.crm.edit("2", country="Spain")
    sweep()

    assert sync.values(linked)["tier"] == "platinum"
    assert sync.values(linked)["country"] == "France"
    assert sync.values(kestrel)["country"] == "Spain"
    with sync.inside():
        [job] = SyncJob.objects.filter(kind="sweep", changed__gt=0)
    assert job.changed == 2


def test_a_sweep_reads_what_changed_and_nothing_twice(sync, linked, sweep, drain):
    sync.crm.edit("1", partner_tier="platinum")
    sweep()
    before = sync.log(linked, "tier")
    sweep()

    assert sync.log(linked, "tier") == before
    with sync.inside():
        assert list(
            SyncJob.objects.filter(kind="sweep").values_list("changed", flat=True).order_by("pk")
        ) == [1, 0]


def test_a_deletion_that_nobody_told_of_is_found_by_the_sweep(sync, linked, sweep, link_of):
    from crm_sync.standins.hubspot import lives

    lives.archive(sync.crm.portal, "companies", "1", by_app=False)
    sweep()

    assert link_of(linked) == ("archived", "1")


def test_a_comparison_finds_links_whose_record_no_list_holds(sync, linked, start, link_of, drain):
    del sync.crm.portal.records["companies"]["1"]
    start("compare")
    work(sync)
    drain()

    assert link_of(linked) == ("archived", "1")


def test_a_dry_run_says_what_would_happen_and_does_nothing(sync, linked, kestrel, edit, rule, start, drain):
    rule("company", ("partner_tier", "is", "gold"), enabled=False)
    with sync.inside():
        set_properties(kestrel, {"website": "https://kestrel.example"}, by=SYSTEM)
    sync.crm.seed(
        companies=firms(4) | {"1": {"name": "Brightpath SA", "partner_tier": "gold", "country": "Belgium"}}
    )
    sync.crm.seed(companies={"9": {"name": "Souther", "partner_tier": "silver"}})
    sync.crm.seed(companies={"10": {"name": "KESTREL", "partner_tier": "gold", "website": "kestrel.example"}})
    job = start("dry_run")
    work(sync)

    assert counted(sync, job) == {
        "state": "done",
        "seen": 6,
        "created": 3,
        "changed": 1,
        "conflicts": 1,
        "outside": 1,
        "archived": 0,
        "refused": 0,
    }
    assert job.samples["created"] == ["Firm 2", "Firm 3", "Firm 4"]
    assert job.samples["changed"] == ["Brightpath: Company name"]
    with sync.inside():
        assert Partner.objects.count() == 2
        assert Conflict.objects.count() == 0
        assert ExternalRecord.objects.count() == 1


@pytest.mark.parametrize("at_once", [1, 100])
def test_what_comes_in_together_comes_in_as_it_does_alone(
    sync, rule, people, start, drain, monkeypatch, ample_allowance, at_once
):
    """A bad value, a name that is refused, a webhook that was quicker and an address twice: each its own affair."""
    rule("company", ("partner_tier", "is", "gold"))
    rule("contact")
    sync.crm.seed(companies=firms(6, website="https://firm.example"))
    for number, values in {"2": {"website": "not an address"}, "3": {"name": "x" * 300}}.items():
        sync.crm.edit(number, **values)
    addresses = {"71": "ann@firm.example", "72": "ann@firm.example", "73": "ben@firm.example"}
    sync.crm.seed(contacts={i: {"email": address, "firstname": "Ann"} for i, address in addresses.items()})
    for number in addresses:
        sync.crm.portal.associate("contacts", number, "companies", "1", primary=True)
    propose, quicker = importing.propose, []

    def proposed(link, found, *rest):
        if found.external_id == "5" and not quicker:  # a webhook tells of it at that moment
            quicker.append(
                ExternalRecord.objects.create(
                    connection=sync.connection, object_type="company", external_id="5", state="new"
                )
            )
        return propose(link, found, *rest)

    monkeypatch.setattr(importing, "propose", proposed)
    monkeypatch.setattr(together, "AT_ONCE", at_once)
    firsts = [start("backfill"), start("backfill", "contact")]
    work(sync)
    drain()

    assert [counted(sync, job)["created"] for job in firsts] == [4, 2]
    assert [counted(sync, job)["refused"] for job in firsts] == [1, 1]
    with sync.inside():
        links = ExternalRecord.objects.linked().order_by("object_type", "external_id")
        assert [link.external_id for link in links] == ["1", "2", "4", "6", "71", "73"]
        assert links[0].agreed["website"] == {"crm": "https://firm.example", "ours": "https://firm.example"}
        assert "website" not in links[1].agreed
        assert links[0].complete_at == links[0].external_updated_at is not None
        told = AuditEntry.objects.filter(action="import").values_list("message", flat=True)
        assert list(told) == ["Came in from HubSpot."] * 6
    seen = [start("backfill"), start("backfill", "contact")]
    work(sync)
    assert [counted(sync, job)["created"] + counted(sync, job)["changed"] for job in seen] == [0, 0]
    assert sync.crm.portal.writes == 0


def test_a_killed_import_goes_on_where_it_stood_without_duplicates_and_its_progress_only_grows(
    sync, rule, start, monkeypatch
):
    class Killed(BaseException):
        pass

    rule("company")
    sync.crm.seed(companies=firms(250))
    job = start("backfill")
    whole, died, progress = together.bring_in, [], []

    def mortal(connection, object_type, arrivals, *rest):
        whole(connection, object_type, arrivals, *rest)
        if not died and "170" in {arrival.found.external_id for arrival in arrivals}:
            died.append(True)  # in the middle of the second page, of which a part is there already
            raise Killed

    monkeypatch.setattr(together, "bring_in", mortal)
    monkeypatch.setattr(together, "AT_ONCE", 40)
    with pytest.raises(Killed):
        work(sync)
    progress.append(counted(sync, job)["seen"])
    work(sync)
    progress.append(counted(sync, job)["seen"])

    assert progress == [100, 250]
    assert counted(sync, job)["state"] == "done"
    with sync.inside():
        assert Partner.objects.count() == 250


def test_a_cancelled_import_stops_keeps_what_it_has_and_can_go_on(sync, rule, start, monkeypatch):
    rule("company")
    sync.crm.seed(companies=firms(250))
    job = start("backfill")
    step = sweeping.step

    def once(found):
        step(found)
        with sync.inside():
            jobs.cancel(job, by="Ada")

    monkeypatch.setattr(sweeping, "step", once)
    work(sync)
    monkeypatch.undo()
    assert (counted(sync, job)["state"], counted(sync, job)["seen"]) == ("cancelled", 100)

    with sync.inside():
        jobs.resume(job, by="Ada")
    work(sync)
    assert (counted(sync, job)["state"], counted(sync, job)["seen"]) == ("done", 250)
    with sync.inside():
        told = list(AuditEntry.objects.filter(action="job").values_list("by", "message").order_by("at"))
    assert [by for by, _ in told] == ["Ada"] * 3


def test_a_field_that_comes_back_with_another_type_waits_for_a_person(sync, linked, push, drain):
    with sync.inside():
        leave_work("crm.schema")
        sync.connection.__class__.objects.update(fields_read_at=None)
    drain()
    known = sync.crm.portal.properties["companies"]
    kept = known.pop("country")
    refresh_fields(sync, drain)
    assert broken(sync).startswith("This field no longer exists")

    known["country"] = kept | {"type": "number", "fieldType": "number"}
    refresh_fields(sync, drain)
    assert "is number now" in broken(sync)
    push({"propertyName": "country"})
    drain()
    assert sync.values(linked)["country"] == "Belgium"

    known["country"] = kept
    refresh_fields(sync, drain)
    assert broken(sync) == ""


def test_another_label_changes_nothing_and_a_new_option_comes_in(sync, linked, push, drain):
    tier = sync.crm.portal.properties["companies"]["partner_tier"]
    tier["label"] = "Level of partnership"
    tier["options"].append({"value": "diamond", "label": "Diamond", "hidden": False, "displayOrder": 9})
    sync.crm.edit("1", partner_tier="diamond")
    push({"propertyName": "partner_tier"})
    drain()
    assert sync.values(linked)["tier"] == "gold"

    refresh_fields(sync, drain)
    assert sync.values(linked)["tier"] == "diamond"
    with sync.inside():
        mapping = sync.connection.mappings.get(field="partner_tier")
    assert (mapping.label, mapping.broken) == ("Level of partnership", "")


def test_an_option_that_is_gone_is_parked_on_its_way_out_with_words(sync, linked, edit, drain):
    country = sync.crm.portal.properties["companies"]["country"]
    country |= {"type": "enumeration", "fieldType": "select"}
    country["options"] = [{"value": "Belgium", "label": "Belgium", "hidden": False, "displayOrder": 0}]
    refresh_fields(sync, drain)
    with sync.inside():
        sync.connection.mappings.filter(field="country").update(broken="", type_known="enumeration")
    edit(linked, country="Atlantis")
    drain()

    state, message = sync.delivery(linked, "country")
    assert state == "refused"
    assert "Atlantis" in message
    assert sync.crm.portal.writes == 0


def refresh_fields(sync, drain):
    with sync.inside():
        type(sync.connection).objects.update(fields_read_at=None)
        leave_work("crm.schema")
    drain()


def broken(sync):
    with sync.inside():
        return sync.connection.mappings.get(field="country").broken


def test_a_look_that_a_worker_holds_rings_nobody_before_its_lease_ends(sync, start):
    ends = timezone.now() + timedelta(minutes=2)
    job = start("backfill")
    with sync.inside():
        SyncJob.objects.filter(pk=job.pk).update(leased_until=ends)
        assert sweeping.next_due() == ends
