"""How a connection stands, in words, and what a person does next."""

from dataclasses import dataclass

from django.utils import timezone

from crm_sync import watchdog
from crm_sync.connecting.stream_state import state_of
from crm_sync.models import Connection, InboxEvent, MassChange

Status = Connection.Status


@dataclass(frozen=True)
class Standing:
    word: str
    tone: str  # positive, warning, critical, neutral
    icon: str
    text: str = ""
    step: str = ""  # what to do, as the words on a button
    route: str = ""  # the settings page where it is done
    post: bool = False


def standing_of(connection: Connection) -> Standing:
    match connection.status:
        case Status.DISCONNECTED:
            text = f"{connection.message} Its links are kept; connect the same account again to go on."
            return Standing("Disconnected", "neutral", "plug", text, "Connect again", "crm_new")
        case Status.NEEDS_AUTH:
            step = "Sign in again" if connection.signs_in else "Give new keys"
            return Standing("Needs a new sign-in", "critical", "warn", connection.message, step, "crm_keys")
        case Status.PAUSED:
            return Standing("Paused", "warning", "hold", connection.message, "Resume", "crm_resumption", True)
    return _of_active(connection)


def _of_active(connection: Connection) -> Standing:
    if connection.missing_scopes:
        scopes = ", ".join(connection.missing_scopes)
        text = f"Our sign-in may not do everything that is mapped. Missing in {connection}: {scopes}."
        step = "Sign in again" if connection.signs_in else "Give new keys"
        word = "Needs a scope" if len(connection.missing_scopes) == 1 else "Needs scopes"
        return Standing(word, "warning", "lock", text, step, "crm_keys")
    if connection.resting_until and connection.resting_until > timezone.now() and connection.message:
        return Standing("Waiting", "warning", "clock", connection.message)
    if MassChange.objects.open().filter(connection=connection).exists():
        text = "So many records changed at once that the rest is held until somebody decides."
        return Standing("Mass change held", "warning", "hold", text, "Review", "crm_connection")
    if (stream := state_of(connection)) and stream.is_bad:
        return Standing(stream.word, "warning", stream.icon, stream.text, "See what to do", "crm_app")
    if silent := watchdog.broken(connection):
        things = watchdog.things(silent)
        text = watchdog.SILENT.format(crm=connection, things=things[0].upper() + things[1:])
        return Standing("Broken webhooks", "warning", "bolt", text, "Check the app", "crm_app")
    if unheard := unsubscribed(connection):
        fields = ", ".join(unheard[:3]) + (f" and {len(unheard) - 3} more" if len(unheard) > 3 else "")
        text = (
            f"{connection} does not call for {fields}. Until the app is updated, changes are found by asking."
        )
        return Standing("Webhooks incomplete", "warning", "bolt", text, "Update the app", "crm_app")
    if not connection.calls_us:
        return Standing("Working, by asking", "positive", "check", "A service key has no webhooks.")
    return Standing("Working", "positive", "check")


def unsubscribed(connection: Connection) -> list[str]:
    """Mapped fields that the app's definition, as last downloaded, does not name, and no event ever did."""
    if connection.provider != Connection.Provider.HUBSPOT or not connection.subscriptions:
        return []
    mapped = list(connection.mappings.inward().values_list("object_type", "field", "label"))
    missing = [m for m in mapped if f"{m[0]}.{m[1]}" not in connection.subscriptions]
    if not missing:
        return []
    heard = set(
        InboxEvent.objects.filter(connection=connection, property__in=[m[1] for m in missing])
        .values_list("object_type", "property")
        .distinct()
    )
    return [label for object_type, name, label in missing if (object_type, name) not in heard]
