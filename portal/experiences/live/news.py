"""What the database tells open pages about, in the transaction of the cause."""

from django.db import connection

from portal.experiences.live.visitors import session_topic
from segments.live import CHANNEL, EVERYONE
from workspaces.tenancy import current_workspace_id


def tell_workspace():
    """Definitions changed: every open page of the workspace looks again."""
    _notify(f"{current_workspace_id()}:{EVERYONE}")


def tell_session(sender, instance, **_):
    """A session was signed out or ended: its streams look who they are for."""
    _notify(session_topic(instance.session_key))


def _notify(payload):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
