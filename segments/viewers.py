"""Many viewers at once, for those who tell people something."""

from collections.abc import Collection, Sequence

from django.db import connection
from django.utils import timezone

from segments.audience import gate
from segments.viewer import Viewer, viewer_of
from workspaces.models import Contact
from workspaces.tenancy import current_workspace_id

LOOK = """
    SELECT c.contact_id,
           ARRAY(SELECT s.id FROM segments_segment s
                 WHERE s.workspace_id = %(workspace)s AND s.archived_at IS NULL
                   AND s.live_build = ANY (c.builds || p.builds))
    FROM segments_contactstate c
    JOIN workspaces_contact r ON r.id = c.contact_id
    JOIN segments_partnerstate p ON p.partner_id = r.partner_id
    WHERE c.workspace_id = %(workspace)s AND c.contact_id = ANY (%(contacts)s)
      AND c.fanout = p.fanout AND coalesce(least(c.next_flip_at, p.next_flip_at) > %(at)s, true)"""


def viewers_of(contacts: Collection[Contact]) -> list[Viewer]:
    """One query for all whose stored state is up to date; the few others are evaluated one by one."""
    ids = [contact.pk for contact in contacts]
    with connection.cursor() as cursor:
        cursor.execute(LOOK, {"at": timezone.now(), "workspace": current_workspace_id(), "contacts": ids})
        fresh = {pk: frozenset(segments) for pk, segments in cursor.fetchall()}
    return [Viewer(c, fresh[c.pk]) if c.pk in fresh else viewer_of(c) for c in contacts]


ROW = "(%s::uuid, %s::uuid[], %s::uuid[])"
ANYBODY = Viewer(None, frozenset())  # only to be written out


def as_rows(viewers: Sequence[Viewer]) -> tuple[str, list]:
    """The viewers as a table `v` for a WITH: contact, ids of their segments, under which ids history knows them."""
    rows = ", ".join(ROW for _ in viewers)
    params: list = []
    for viewer in viewers:
        assert viewer.contact is not None
        params += [viewer.contact.pk, list(viewer.segment_ids), viewer.subject_ids]
    return f"v (contact, ids, subjects) AS (VALUES {rows})", params


def gate_of_each(audiences: Sequence[str]) -> tuple[str, list]:
    """The gates' own condition, asked of every row of `v` instead of one viewer."""
    condition, asked = gate(audiences, ANYBODY)
    workspace, _, _, now, _, _ = asked
    filled = zip(
        condition.split("%s"), ["%s", "v.ids", "v.subjects", "%s", "v.subjects", "%s", ""], strict=True
    )
    return "".join(text + value for text, value in filled), [workspace, now, now]
