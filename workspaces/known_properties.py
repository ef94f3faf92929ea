"""The properties of a workspace as every change needs them: kept by each process for as long as nothing differs.

A row of the workspace is new with every change of it, and with every change of its properties (a trigger sees to
that), so the row's version says whether what is kept still holds. What is kept is shared: nobody changes it.
"""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from workspaces import statements
from workspaces.models import Property, Workspace
from workspaces.tenancy import current_workspace_id

KEPT = 256  # workspaces
LOOK = "SELECT xmin::text, ctid::text FROM workspaces_workspace WHERE id = %s::uuid"
_kept: OrderedDict[UUID, "Known"] = OrderedDict()


@dataclass(frozen=True)
class Known:
    version: tuple
    workspace: Workspace
    by_key: dict[str, dict[str, Property]]  # the live ones, by level


def current() -> Known:
    """As this transaction sees them now."""
    workspace_id = current_workspace_id()
    version = statements.run(LOOK, [workspace_id])[0]
    found = _kept.get(workspace_id)
    if found is None or found.version != version:
        # What is loaded after the version was read may be newer than it; the next look finds out.
        found = _kept[workspace_id] = _load(workspace_id, version)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def _load(workspace_id: UUID, version: tuple) -> Known:
    workspace = Workspace.objects.get(pk=workspace_id)
    by_key: dict[str, dict[str, Property]] = {level: {} for level in Property.Level.values}
    for prop in Property.objects.live():
        prop.workspace = workspace
        by_key[prop.level][prop.key] = prop
    return Known(version, workspace, by_key)
