"""What becomes of work that failed: again later, put aside with a reason, or the connection stops."""

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db.models import QuerySet
from django.utils import timezone

from crm_sync.connectors.failures import Failure, FailureKind
from crm_sync.limits import trouble
from crm_sync.models import Connection, ExternalRecord, InboxEvent

MOST_TRIES = 8
LONGEST_WAIT = 15 * 60.0
LIMIT_WAIT = 60 * 60.0  # the day's allowance is used up: look again in an hour
GIVE_UP_AFTER = timedelta(hours=24)
WAITS = {
    FailureKind.RETRYABLE,
    FailureKind.BUDGET,
    FailureKind.LIMIT,
    FailureKind.MOVING,
    FailureKind.AUTH,
    FailureKind.SCOPE,
}


def next_try(tries: int, *, retry_after: float | None = None) -> datetime:
    """Full jitter: anywhere up to 2ⁿ seconds, so that what failed together does not return together."""
    wait = random.uniform(0.1, min(LONGEST_WAIT, 2.0 ** min(tries, 10)))  # noqa: S311
    return timezone.now() + timedelta(seconds=(retry_after or 0) + wait)


def rest(connection: Connection, failure: Failure) -> None:
    """What a failure means for the whole connection."""
    now = timezone.now()
    if failure.kind == FailureKind.AUTH:
        trouble.needs_sign_in(connection, failure.message)
        return
    if failure.kind == FailureKind.SCOPE:
        changed = {"message": failure.message, "resting_until": now + timedelta(seconds=LONGEST_WAIT)}
        changed["missing_scopes"] = sorted({*connection.missing_scopes, *failure.missing_scopes})
    elif failure.kind == FailureKind.BUDGET:
        return  # only this kind of work waits; more urgent work of the connection goes on
    elif failure.kind in (FailureKind.LIMIT, FailureKind.MOVING):
        until = now + timedelta(seconds=failure.retry_after or LIMIT_WAIT)
        if failure.until_midnight:
            until = midnight(connection, now)
        changed = {"message": failure.message, "resting_until": until}
    elif failure.retry_after:
        changed = {"resting_until": now + timedelta(seconds=failure.retry_after)}
    else:
        return
    Connection.objects.filter(pk=connection.pk, status=Connection.Status.ACTIVE).update(**changed)


def midnight(connection: Connection, now: datetime) -> datetime:
    """When the account's next day begins: its daily allowance comes back then."""
    zone = _zone_of(connection)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time.min, zone)


def today_of(connection: Connection) -> date:
    return timezone.now().astimezone(_zone_of(connection)).date()


def _zone_of(connection: Connection) -> ZoneInfo:
    try:
        return ZoneInfo(connection.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def recovered(connection: Connection) -> None:
    """The CRM answered: what it complained about is over."""
    if connection.message or connection.resting_until:
        active = Connection.objects.filter(pk=connection.pk, status=Connection.Status.ACTIVE)
        active.update(message="", resting_until=None)
        connection.message, connection.resting_until = "", None


def bury_worn_out(events: QuerySet, now: datetime) -> None:
    """Events that were tried often enough are shown to a person instead."""
    worn_out = events.filter(tries__gt=MOST_TRIES)
    worn_out.update(
        state=InboxEvent.State.DEAD, handled_at=now, reason="Tried several times without success. Try again?"
    )


def postpone_reading(claim, failure: Failure) -> None:
    """The CRM did not answer as hoped: every record of the claim waits, and no longer counts as tried."""
    rest(claim.connection, failure)
    events = claim.events()
    if failure.kind in WAITS:
        tries = max(events.values_list("tries", flat=True), default=1)
        events.filter(received_at__lt=timezone.now() - GIVE_UP_AFTER).update(
            state=InboxEvent.State.DEAD, handled_at=timezone.now(), reason=failure.message
        )
        tries_kept = min(tries, MOST_TRIES - 2)
        events.filter(state="pending").update(
            tries=tries_kept, next_at=next_try(tries, retry_after=failure.retry_after), reason=failure.message
        )
    else:
        events.update(next_at=next_try(MOST_TRIES), reason=failure.message)
    give_back(claim.links)


def postpone_event(claim, link: ExternalRecord, reason: str, *, seconds: float | None = None) -> None:
    events = claim.events(link.external_id)
    tries = max(events.values_list("tries", flat=True), default=1)
    soon = timezone.now() + timedelta(seconds=seconds) if seconds else next_try(tries)
    events.update(next_at=soon, reason=reason)
    give_back([link])


def give_back(links) -> None:
    ExternalRecord.objects.filter(pk__in=[link.pk for link in links]).update(reading_until=None)
