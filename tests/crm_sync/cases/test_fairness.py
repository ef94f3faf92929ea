"""Nobody waits for another workspace's storm, nor a person for an import; and no worker sleeps."""

import ast
from pathlib import Path

import pytest

import crm_sync
from crm_sync.connectors.failures import CrmError
from crm_sync.connectors.hubspot import scan
from crm_sync.connectors.throttling import Priority
from crm_sync.inbound import inbox
from crm_sync.limits.budgets import Budget
from crm_sync.models import Allowance, ImportRule, InboxEvent
from crm_sync.models.queues import INBOX, OUTBOX, SWEEPS
from crm_sync.outbound import outbox
from crm_sync.sweeps import jobs, sweeping
from tests.crm_sync.conftest import connect
from workspaces.jobs import run, run_everything
from workspaces.models import Due, Partner

PARTS = (
    "inbound",
    "outbound",
    "sweeps",
    "limits",
    "connecting",
    "connectors",
    "agreement",
    "breaker",
    "health",
)


def test_a_storm_gives_its_worker_back_between_two_records_and_ends_all_the_same(
    sync, linked, kestrel, push, drain, monkeypatch
):
    sync.crm.seed(companies={"2": {"name": "Kestrel", "partner_tier": "silver"}})
    sync.link(kestrel, "2")
    drain()
    for module in (inbox, outbox):
        monkeypatch.setattr(module, "AT_A_TIME", -1.0)
    monkeypatch.setattr(inbox, "BATCH", 1)
    sync.crm.edit("1", partner_tier="silver")
    sync.crm.edit("2", partner_tier="gold")
    push({"objectId": 1, "propertyName": "partner_tier"}, {"objectId": 2, "propertyName": "partner_tier"})

    run(sync.workspace.pk, INBOX)
    with sync.inside():
        assert InboxEvent.objects.filter(state="pending").count() == 1
    assert Due.objects.filter(workspace_id=sync.workspace.pk, queue=INBOX).count() == 1  # its next turn
    run_everything()

    assert [sync.values(linked)["tier"], sync.values(kestrel)["tier"]] == ["silver", "gold"]


def test_an_account_without_allowance_takes_nothing_from_another(sync, globex, crm, inside):
    other = connect(globex, crm, account="99", app="88")
    Budget(sync.connection).before("burst")
    Budget(other).before("burst")
    with sync.inside():
        Allowance.objects.update(left=0, daily_used=100, daily_most=100)

    with pytest.raises(CrmError):
        Budget(sync.connection, Priority.EVENT).before("burst")
    for priority in Priority:
        Budget(other, priority).before("burst")
    with inside(globex):
        row = Allowance.objects.get()
    assert row.asked == {"0": 1, "1": 2, "2": 1, "3": 1}  # who asked is kept, for the health page


def test_when_little_is_left_the_urgent_go_first(sync):
    Budget(sync.connection).before("burst")
    passed = []
    for part in (0.6, 0.4, 0.2, 0.05):
        with sync.inside():
            row = Allowance.objects.get()
            row.left, row.seconds = row.most * part, 1e9  # it does not fill meanwhile
            row.save()
        passed.append([])
        for priority in reversed(Priority):
            try:
                Budget(sync.connection, priority).before("burst")
                passed[-1].append(priority.name)
            except CrmError:
                pass

    assert passed == [
        ["BACKFILL", "SWEEP", "EVENT", "PERSON"],
        ["SWEEP", "EVENT", "PERSON"],
        ["EVENT", "PERSON"],
        ["PERSON"],
    ]


def test_54_an_import_lets_edits_pass_between_its_pages_and_goes_on_where_it_died(
    sync, linked, edit, push, drain, ample_allowance, monkeypatch
):
    monkeypatch.setattr(scan, "LIST_PAGE", 4)
    monkeypatch.setattr(sweeping, "AT_A_TIME", -1.0)
    sync.crm.seed(companies={str(n): {"name": f"Firm {n}"} for n in range(101, 113)})
    with sync.inside():
        ImportRule.objects.create(connection=sync.connection, object_type="company", enabled=True)
        job = jobs.start(sync.connection, kind="backfill", object_type="company", by="Ada")
    told, seen = [], []
    for country in ("France", "Spain", "Italy"):
        run(sync.workspace.pk, SWEEPS)  # one page, of the import or of a sweep
        edit(linked, country=country)
        sync.crm.edit("1", website=f"https://{country}.example")
        push({"propertyName": "website", "occurredAt": len(told)})
        run(sync.workspace.pk, OUTBOX)
        run(sync.workspace.pk, INBOX)
        told.append((sync.crm.company("1")["country"], sync.values(linked)["website"]))
        with sync.inside():
            job.refresh_from_db()
            seen.append(job.seen)

    def killed(*args, **kwargs):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(sweeping.jobs, "note_page", killed)
        with pytest.raises(SystemExit):
            run(sync.workspace.pk, SWEEPS)  # its page is taken in, and nobody noted it
    with sync.inside():
        type(job).objects.update(leased_until=None)
    monkeypatch.setattr(sweeping, "AT_A_TIME", 60.0)
    drain()

    assert told == [(name, f"https://{name}.example") for name in ("France", "Spain", "Italy")]
    assert 0 < seen[0] < seen[2] < 13
    with sync.inside():
        job.refresh_from_db()
        names = sorted(Partner.objects.filter(name__startswith="Firm").values_list("name", flat=True))
    assert (job.state, names) == ("done", [f"Firm {n}" for n in range(101, 113)])


def test_no_task_sleeps():
    """Waiting is a moment in the database (ruled out: time.sleep and its kin, in everything a worker runs)."""
    root = Path(crm_sync.__file__).parent
    sleeping = [
        f"{path.relative_to(root)}:{node.lineno}"
        for part in PARTS
        for path in (root / part).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "sleep"
    ]

    assert sleeping == []
