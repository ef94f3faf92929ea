from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from workspaces import jobs
from workspaces.management.commands import relay
from workspaces.management.commands.relay import LEASE_SECONDS, Bell
from workspaces.models import Due, Partner
from workspaces.tenancy import NoWorkspace, workspace_transaction


@pytest.fixture
def handler(monkeypatch):
    """A queue of its own, with a record of the workspaces it worked for."""
    worked = []

    def work():
        worked.append(jobs.job_workspace())
        with jobs.job_transaction():
            Partner.objects.count()

    monkeypatch.setitem(jobs.HANDLERS, "test.queue", work)
    return worked


def leave(workspace, **options):
    with workspace_transaction(workspace):
        jobs.leave_work("test.queue", **options)


def test_work_is_left_only_inside_a_workspace(db):
    with pytest.raises(NoWorkspace):
        jobs.leave_work("test.queue")


def test_work_runs_in_the_workspace_that_left_it_and_its_note_goes(acme, globex, handler):
    leave(globex)
    leave(globex)
    jobs.run_everything()
    assert handler == [globex.pk]
    assert Due.objects.count() == 0


def test_work_that_failed_keeps_its_note(acme, monkeypatch):
    monkeypatch.setitem(jobs.HANDLERS, "test.queue", lambda: 1 / 0)
    leave(acme)
    with pytest.raises(ZeroDivisionError):
        jobs.run(acme.pk, "test.queue")
    assert Due.objects.filter(queue="test.queue").count() == 1


def test_a_note_left_during_the_work_stays(acme, monkeypatch):
    monkeypatch.setitem(jobs.HANDLERS, "test.queue", lambda: leave(acme))
    leave(acme)
    first = Due.objects.get(queue="test.queue")
    jobs.run(acme.pk, "test.queue")
    assert Due.objects.filter(queue="test.queue").exclude(pk=first.pk).count() == 1
    assert not Due.objects.filter(pk=first.pk).exists()


def test_work_that_waits_for_its_moment_is_not_run_before(acme, handler):
    leave(acme, at=timezone.now() + timedelta(hours=1))
    jobs.run_everything()
    assert handler == []
    assert Due.objects.count() == 1


def test_a_handler_that_names_its_next_moment_leaves_a_note_for_it(acme, monkeypatch):
    moment = timezone.now() + timedelta(minutes=5)
    monkeypatch.setitem(jobs.HANDLERS, "test.queue", lambda: moment)
    leave(acme)
    jobs.run(acme.pk, "test.queue")
    assert Due.objects.get(queue="test.queue").due_at == moment


@pytest.mark.django_db(transaction=True)
def test_the_first_note_rings_and_the_next_ones_do_not(acme):
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {jobs.CHANNEL}")
    leave(acme)
    leave(acme)
    heard = list(connection.connection.notifies(timeout=0.2))
    with connection.cursor() as cursor:
        cursor.execute(f"UNLISTEN {jobs.CHANNEL}")
    assert len(heard) == 1


@pytest.fixture
def rung(monkeypatch):
    calls = []
    monkeypatch.setattr(jobs.ring, "apply_async", lambda args: calls.append(tuple(args)))
    return calls


def test_a_queue_that_is_being_worked_is_not_rung_again(rung):
    bell = Bell()
    bell.ring_what_waits([("w", "q", 1, 2)])
    bell.ring_what_waits([("w", "q", 1, 3)])
    assert rung == [("w", "q")]


def test_new_work_after_the_old_was_done_is_rung_at_once(rung):
    bell = Bell()
    bell.ring_what_waits([("w", "q", 1, 2)])
    bell.ring_what_waits([("w", "q", 3, 3)])
    assert rung == [("w", "q")] * 2


def test_work_that_nobody_did_is_rung_again_after_the_lease(rung, monkeypatch):
    bell = Bell()
    bell.ring_what_waits([("w", "q", 1, 2)])
    newest, rung_at = bell.rung["w", "q"]
    bell.rung["w", "q"] = (newest, rung_at - LEASE_SECONDS - 1)
    bell.ring_what_waits([("w", "q", 1, 2)])
    assert rung == [("w", "q")] * 2


def test_a_worker_that_begins_is_rung_for_what_waits_at_once(rung):
    bell, heard = Bell(), relay.direct()
    with heard:
        heard.execute(f"LISTEN {jobs.CHANNEL}")
        bell.ring_what_waits([("w", "q", 1, 2)])
        relay.announce_worker()
        [note] = heard.notifies(timeout=5, stop_after=1)
    assert note.payload == relay.BEGAN
    bell.forget()
    bell.ring_what_waits([("w", "q", 1, 2)])
    assert rung == [("w", "q")] * 2


def test_a_broker_that_is_away_leaves_the_queue_to_be_rung_again(rung, monkeypatch):
    def away(args):
        raise jobs.ring.OperationalError

    bell = Bell()
    with monkeypatch.context() as patch:
        patch.setattr(jobs.ring, "apply_async", away)
        bell.ring_what_waits([("w", "q", 1, 1)])
    bell.ring_what_waits([("w", "q", 1, 1)])
    assert rung == [("w", "q")]
