"""The current workspace. A query on a workspace's table outside of one is an error, never "all rows".

Three walls stand behind each other: the manager here filters and raises; the schema carries the workspace
in every key and reference; PostgreSQL's row-level security looks at `app.workspace_id`, which is set inside
the transaction only (workspaces/walls.py).
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, models, transaction

from workspaces import statements
from workspaces.keys import uuid7

ENTER = "SELECT set_config('app.workspace_id', %s::text, true)"
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_current = ContextVar("workspace_id", default=None)


class NoWorkspace(RuntimeError):
    """A workspace's rows were asked for outside `workspace_transaction(…)`."""


class OtherWorkspace(RuntimeError):
    """A transaction belongs to one workspace from its begin to its end."""


def current_workspace_id():
    """The id of the workspace whose transaction is open. Raises NoWorkspace."""
    workspace_id = _current.get()
    # After the commit the context may still be there, the setting in the database is not.
    if workspace_id is None or not connection.in_atomic_block:
        raise NoWorkspace("No workspace transaction is open: wrap this in workspace_transaction(…).")
    return workspace_id


@contextmanager
def workspace_transaction(workspace, *, snapshot=False):
    """BEGIN, the workspace's id for row-level security, and the context variable: one thing, never apart.

    With `snapshot` the transaction is read-only and sees one moment from its first to its last statement.
    Inside an open transaction of the same workspace this is a savepoint; of another it raises OtherWorkspace.
    """
    workspace_id = getattr(workspace, "pk", workspace)
    if _current.get() not in (None, workspace_id):
        raise OtherWorkspace("A transaction cannot change its workspace.")
    token = _current.set(workspace_id)
    outermost = token.old_value in (None, token.MISSING)
    nested = connection.in_atomic_block
    try:
        with transaction.atomic():
            if outermost:
                _enter(workspace_id, snapshot=snapshot and not nested)
            yield
            if outermost and nested:  # only where a test holds the outer transaction
                _enter("", snapshot=False)
    finally:
        _current.reset(token)


def _enter(workspace_id, *, snapshot):
    if not snapshot:
        statements.run(ENTER, [str(workspace_id)])
        return
    with connection.cursor() as cursor:  # two in one, which cannot be prepared
        cursor.execute(f"{SNAPSHOT}; {ENTER}", [str(workspace_id)])


class WorkspaceManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(workspace_id=current_workspace_id())

    def bulk_create(self, objs, *args, **kwargs):
        objs = list(objs)
        workspace_id = current_workspace_id()
        for obj in objs:
            obj.workspace_id = obj.workspace_id or workspace_id
        return super().bulk_create(objs, *args, **kwargs)


class WorkspaceForeignKey(models.ForeignKey):
    """A reference within the workspace. The wall adds its constraint: (workspace_id, x_id) → (workspace_id, id)."""

    def __init__(self, to, on_delete, **kwargs):
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class WorkspaceOneToOneField(models.OneToOneField):
    """As WorkspaceForeignKey, at most one."""

    def __init__(self, to, on_delete, **kwargs):
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self):
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.OneToOneField", args, kwargs


class WorkspaceModel(models.Model):
    """A row that belongs to one workspace."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", editable=False)

    objects = WorkspaceManager()
    # What Django itself follows references with. Row-level security bounds it; our code never names it.
    unguarded = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "unguarded"
        default_manager_name = "objects"

    def save(self, *args, **kwargs):
        if self.workspace_id is None:
            self.workspace_id = current_workspace_id()
        super().save(*args, **kwargs)


class WorkspaceLog(WorkspaceModel):
    """A row that is written for every change and belongs to a row of the same workspace: the wall's composite
    reference says which workspace, so the database does not check the workspace once more for each of them. Its other
    indexes begin with the workspace, so it has none for that alone: each costs every change a little."""

    workspace = models.ForeignKey(
        "workspaces.Workspace",
        models.CASCADE,
        related_name="+",
        editable=False,
        db_constraint=False,
        db_index=False,
    )

    class Meta:
        abstract = True
