"""The application refuses to run as a role that row-level security does not bind."""

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created
from django.dispatch import receiver

_checked: set[str] = set()


@receiver(connection_created)
def refuse_a_role_above_the_walls(connection, **_):
    role = connection.settings_dict["USER"]
    if connection.alias != "default" or role in _checked:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            raise ImproperlyConfigured(
                f"DATABASE_URL signs in as “{role}”, which row-level security does not bind. "
                "Use a role without SUPERUSER and BYPASSRLS; DATABASE_OWNER_URL is for migrations."
            )
    _checked.add(role)
