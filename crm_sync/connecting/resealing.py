"""New encryption keys for what is sealed already, so that the old ones can be taken away."""

from django.db import transaction

from crm_sync import vault
from crm_sync.models import Connection, Credential
from workspaces.models import Workspace
from workspaces.tenancy import workspace_transaction

SEALED = {
    Connection: ("secret_sealed",),
    Credential: ("access_sealed", "refresh_sealed", "client_secret_sealed"),
}


def reseal() -> tuple[int, int]:
    """How many values were sealed anew, and how many no key of ours opens."""
    done = lost = 0
    for workspace_id in Workspace.objects.values_list("pk", flat=True):
        with workspace_transaction(workspace_id):
            for model, names in SEALED.items():
                for row in model.objects.select_for_update(no_key=True):
                    changed, unreadable = _resealed(row, names)
                    done, lost = done + changed, lost + unreadable
    return done, lost


@transaction.atomic
def _resealed(row, names) -> tuple[int, int]:
    changed, lost = [], 0
    for name in names:
        if not (sealed := getattr(row, name)):
            continue
        try:
            setattr(row, name, vault.sealed(vault.opened(sealed)))
            changed.append(name)
        except vault.Unreadable:
            lost += 1
    if changed:
        row.save(update_fields=changed)
    return len(changed), lost
