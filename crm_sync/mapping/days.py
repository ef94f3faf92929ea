"""Days that a CRM keeps as moments: they are days on the account's own calendar."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm_sync.connectors import values

NOON = time(12)  # whoever reads it elsewhere reads the same day


def day_of(text: str, zone: str) -> str:
    """Raises UnfitValue."""
    moment = values.from_wire(text, portal_type="datetime")
    try:
        return datetime.fromisoformat(moment).astimezone(_zone(zone)).date().isoformat()
    except OverflowError as error:
        raise values.UnfitValue("This moment is too far away.") from error


def moment_of(day: str, zone: str) -> str:
    at = datetime.combine(datetime.fromisoformat(day).date(), NOON, _zone(zone)).astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
