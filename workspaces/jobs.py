"""Work that follows later. PostgreSQL is the queue of record; Celery and Valkey only ring the bell.

`leave_work` puts a note into `Due` in the transaction of the cause. The relay (`manage.py relay`) rings a
worker for every queue with notes; the worker runs the queue's handler and then deletes the notes it saw at
its start. Whatever dies on the way, the note stays and is rung again; so a handler may run twice, and claims
its rows for itself.
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime

from celery import shared_task
from django.db import connection
from django.utils import timezone

from workspaces.models import Due, Workspace
from workspaces.tenancy import current_workspace_id, workspace_transaction

CHANNEL = "work"
HANDLERS: dict[str, Callable[[], datetime | None]] = {}
_job_workspace = ContextVar("job_workspace", default=None)

# One statement: the note, and a ring only where the queue was idle, since every NOTIFY makes commits queue up.
LEAVE = """
    WITH busy AS (SELECT 1 FROM workspaces_due
                  WHERE workspace_id = %(workspace)s AND queue = %(queue)s AND due_at <= now() LIMIT 1),
         note AS (INSERT INTO workspaces_due (workspace_id, queue, due_at)
                  VALUES (%(workspace)s, %(queue)s, coalesce(%(at)s, now())) RETURNING due_at)
    SELECT pg_notify('work', '') FROM note WHERE due_at <= now() AND NOT EXISTS (SELECT 1 FROM busy)
"""


def leave_work(queue, *, at=None):
    """Leaves a note that a queue of the current workspace has work, due at a moment (default: now)."""
    _leave(current_workspace_id(), queue, at)


def queue(name):
    """Registers a handler: called without arguments, without a transaction, `job_transaction()` at hand.

    It returns the next moment at which there is work, or None.
    """

    def register(handler):
        HANDLERS[name] = handler
        return handler

    return register


def job_workspace():
    """The id of the workspace that the running handler works for."""
    return _job_workspace.get()


def job_transaction():
    """A transaction in the workspace of the running handler."""
    return workspace_transaction(job_workspace())


def run(workspace_id, name):
    """Runs a queue's handler for a workspace and clears the notes that were there at the start."""
    notes = Due.objects.filter(workspace_id=workspace_id, queue=name, due_at__lte=timezone.now())
    seen = list(notes.values_list("pk", flat=True))
    token = _job_workspace.set(workspace_id)
    try:
        next_at = HANDLERS[name]()
    finally:
        _job_workspace.reset(token)
    if next_at is not None:
        _leave(workspace_id, name, next_at)
    Due.objects.filter(pk__in=seen).delete()


def run_everything(*, rounds=20):
    """Runs whatever is due now, here and now, until nothing is: for tests and commands without a worker."""
    for _ in range(rounds):
        waiting = (
            Due.objects.filter(due_at__lte=timezone.now()).values_list("workspace_id", "queue").distinct()
        )
        if not (pairs := list(waiting)):
            return
        for workspace_id, name in pairs:
            run(workspace_id, name)


@shared_task(name="workspaces.ring")
def ring(workspace_id, queue):
    run(workspace_id, queue)


@shared_task(name="workspaces.ring_everywhere")
def ring_everywhere(queue):
    """For recurring jobs: a note for every workspace."""
    for workspace_id in Workspace.objects.values_list("pk", flat=True):
        _leave(workspace_id, queue, None)


def _leave(workspace_id, name, at):
    with connection.cursor() as cursor:
        cursor.execute(LEAVE, {"workspace": str(workspace_id), "queue": name, "at": at})
