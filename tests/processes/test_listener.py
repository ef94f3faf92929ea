"""The listener as a process: what changes in Salesforce is here, and nothing is missed while it is away."""

import os
import signal

import pytest

from tests.house.test_children import wait_until

pytestmark = pytest.mark.processes


def told(portal, kind, record_id):
    question = "SELECT state FROM crm_sync_inboxevent WHERE kind = %s AND external_id = %s"
    return portal.rows(question, kind, record_id)


def lease(portal):
    return portal.rows("SELECT listener IS NOT NULL, listening_since IS NOT NULL FROM crm_sync_changestream")


def act(portal, **what):
    answer = portal.http.request("POST", f"{portal.group.salesforce_url}/standin/acts", json=what)
    assert answer.status == 200, answer.data


def test_changes_arrive_and_those_made_while_nobody_listens_arrive_afterwards(running_portal):
    portal = running_portal
    ((record_id,), *_) = portal.rows(
        "SELECT external_id FROM crm_sync_externalrecord link JOIN crm_sync_connection c ON c.id = link.connection_id"
        " WHERE c.provider = 'salesforce' AND link.object_type = 'company' ORDER BY external_id"
    )
    assert wait_until(lambda: lease(portal) == [(True, True)], seconds=30)
    act(portal, do="edit", id=record_id, values={"BillingCountry": "Norway"})
    assert wait_until(lambda: told(portal, "object.propertyChange", record_id) == [("done",)], seconds=20)

    os.kill(portal.pid("listener"), signal.SIGTERM)  # after which the supervisor starts another one
    assert wait_until(
        lambda: lease(portal) == [(False, False)], seconds=10
    )  # given back, and not left to run out
    act(portal, do="delete", id=record_id)
    act(portal, do="undelete", id=record_id)

    assert wait_until(lambda: told(portal, "object.restore", record_id) == [("done",)], seconds=30)
    assert told(portal, "object.deletion", record_id) == [("done",)]
