"""What only real transactions can show."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from workspaces.actors import SYSTEM
from workspaces.models import Contact, Partner, PropertyChange
from workspaces.properties import create_partner, move_contact, set_properties
from workspaces.tenancy import NoWorkspace, workspace_transaction

pytestmark = pytest.mark.django_db(transaction=True)


def in_thread(work):
    """Runs work on a connection of its own; returns its result, or raises what it raised."""
    outcome = {}

    def run():
        try:
            outcome["result"] = work()
        except Exception as error:
            outcome["error"] = error
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive(), "still waiting for a lock"
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


def test_a_snapshot_sees_one_moment(acme, brightpath):
    def rename():
        with workspace_transaction(acme):
            set_properties(Partner.objects.get(), {"name": "Renamed"}, by=SYSTEM)

    with workspace_transaction(acme, snapshot=True):
        before = Partner.objects.get().name
        in_thread(rename)
        assert Partner.objects.get().name == before == "Brightpath"
    with workspace_transaction(acme, snapshot=True):
        assert Partner.objects.get().name == "Renamed"


def test_a_snapshot_cannot_write(acme, brightpath):
    with pytest.raises(DatabaseError, match="read-only"), workspace_transaction(acme, snapshot=True):
        set_properties(brightpath, {"name": "Renamed"}, by=SYSTEM)


def test_the_workspace_is_gone_with_its_transaction(acme, brightpath):
    with workspace_transaction(acme):
        assert Partner.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), current_setting('app.workspace_id', true) FROM workspaces_partner")
        assert cursor.fetchone() == (0, "")


def test_after_the_commit_nothing_can_be_asked(acme, brightpath):
    seen = []

    def look():
        try:
            Partner.objects.count()
        except NoWorkspace:
            seen.append("refused")

    with workspace_transaction(acme):
        transaction.on_commit(look)
    assert seen == ["refused"]


def test_two_changes_of_one_record_both_stay(acme, brightpath):
    """Both loaded the same row; the second must not write back what the first changed."""

    def change(values):
        def work():
            with workspace_transaction(acme):
                stale = Partner.objects.get()
                stale.raw, stale.norm, stale.set_at = {}, {}, {}
                set_properties(stale, values, by=SYSTEM)

        return work

    in_thread(change({"website": "one.example"}))
    in_thread(change({"country": "DE"}))
    with workspace_transaction(acme):
        raw = Partner.objects.get().raw
    assert {"https://one.example", "DE", "gold"} <= set(raw.values())


def test_parallel_writers_lose_nothing_and_do_not_deadlock(acme, brightpath, kestrel, pat):
    """Partners change while a contact moves between them, from three threads at once."""
    rounds = 15

    def partner_changes():
        for n in range(rounds):
            for pk in (brightpath.pk, kestrel.pk):
                with workspace_transaction(acme):
                    set_properties(Partner.objects.get(pk=pk), {"country": f"C{n}"}, by=SYSTEM)

    def contact_moves():
        for n in range(rounds):
            with workspace_transaction(acme):
                target = Partner.objects.get(pk=(brightpath.pk, kestrel.pk)[n % 2])
                move_contact(Contact.objects.get(pk=pat.pk), target, by=SYSTEM)

    def contact_changes():
        for n in range(rounds):
            with workspace_transaction(acme):
                set_properties(Contact.objects.get(pk=pat.pk), {"language": f"l{n}"}, by=SYSTEM)

    errors = []

    def guarded(work):
        try:
            work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=guarded, args=[w]) for w in (partner_changes, contact_moves, contact_changes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with workspace_transaction(acme):
        assert PropertyChange.objects.filter(record_id=pat.pk, prop__key="language").count() == rounds
        assert PropertyChange.objects.filter(prop__key="country").count() == 2 * rounds


def test_a_failing_listener_takes_the_change_back(acme):
    from workspaces.signals import record_changed

    def refuse(**_):
        raise RuntimeError("no")

    record_changed.connect(refuse)
    try:
        with pytest.raises(RuntimeError), workspace_transaction(acme):
            create_partner({"name": "Never"}, by=SYSTEM)
    finally:
        record_changed.disconnect(refuse)
    with workspace_transaction(acme):
        assert Partner.objects.count() == 0
