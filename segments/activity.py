"""What contacts do in the portal, as far as rules may ask for it: signed in, viewed a tab, made a quote.

A feature registers its kinds when it starts, and notes them as they happen:

    activity.register(activity.Kind("downloaded", "Downloaded a file", whats=files_by_id))
    activity.note(contact, "downloaded", str(file.pk))      # within a transaction that writes
    activity.did(request, "downloaded", str(file.pk))       # in a page that only reads: written after the response

What is noted is what people in segments come and go by: who did something is counted at once, for the contact and
for the partner, and who has not done it for so long is found by the clock.
"""

import logging
from contextlib import suppress
from datetime import datetime
from functools import partial

from django.contrib.auth.signals import user_logged_in
from django.db import OperationalError, connection, transaction
from django.dispatch import receiver
from django.utils import timezone

from segments.engine import definitions, rollups
from segments.engine.activity_facts import MOST
from segments.engine.activity_kinds import KINDS, Kind
from segments.engine.causes import Cause
from segments.engine.evaluation import Evaluation
from segments.rules.moments import Moment
from workspaces import locks, people
from workspaces.actors import Actor
from workspaces.keys import uuid7
from workspaces.models import Contact
from workspaces.signals import contact_visited
from workspaces.tenancy import current_workspace_id, workspace_transaction

log = logging.getLogger(__name__)
MOVES = 50
SIGNED_IN, OPENED = "signed_in", "opened_portal"
KEEP = """
    INSERT INTO segments_activity AS a (id, workspace_id, contact_id, kind, what, times, first_at)
    VALUES (%(id)s, %(workspace)s, %(contact)s, %(kind)s, %(what)s, ARRAY[%(at)s::timestamptz], %(at)s)
    ON CONFLICT (workspace_id, contact_id, kind, what) DO UPDATE SET
        times = ARRAY(SELECT t FROM unnest(excluded.times || a.times) AS t ORDER BY t DESC LIMIT %(most)s),
        first_at = least(excluded.first_at, a.first_at, a.times[cardinality(a.times)])"""

__all__ = ["Kind", "did", "note", "register"]


def register(kind: Kind) -> None:
    KINDS[kind.key] = kind


register(Kind(SIGNED_IN, "Signed in"))
register(Kind(OPENED, "Opened the portal"))


def note(contact: Contact, kind: str, what: str = "", *, at: datetime | None = None) -> None:
    """The contact does this now. Whoever is asked for it by a rule follows in the same transaction."""
    at = at or timezone.now()
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    known = _lock(contact, kind, what)
    with connection.cursor() as cursor:
        row = {"id": uuid7(), "workspace": current_workspace_id(), "contact": contact.pk, "kind": kind}
        cursor.execute(KEEP, row | {"what": what, "at": at, "most": MOST})
    _follow(contact, kind, what, known)


def _follow(contact: Contact, kind: str, what: str, known: definitions.RuleSet) -> None:
    """Partners first: their contacts follow them."""
    cause = Cause("activity", Actor.of_contact(contact), reason=KINDS[kind].label.lower())
    moment = Moment(timezone.now(), known.zone)
    for level, pk in (("partner", contact.partner_id), ("contact", contact.pk)):
        asked = known.related.of_activity(level, kind, what)
        if asked:
            rollups.settle(Evaluation(level, known, moment), asked, {pk: cause})


class _Again(Exception):
    """The contact is at another partner than the one that was locked, or the partner has to follow as well."""


def _lock(contact: Contact, kind: str, what: str) -> definitions.RuleSet:
    """As for every change: whether the partner follows is guessed before the locks and asked again under them.
    The rules as they are until the end of the transaction.
    """
    rolls_up = _is_asked(definitions.remembered(), kind, what)
    for _ in range(MOVES):
        with suppress(_Again), transaction.atomic():
            lock = locks.lock_partners_with_contacts if rolls_up else locks.lock_for_contacts
            lock([contact])
            partner_id = Contact.objects.values_list("partner_id", flat=True).get(pk=contact.pk)
            known = definitions.current()
            moved, contact.partner_id = contact.partner_id != partner_id, partner_id
            if moved or (not rolls_up and _is_asked(known, kind, what)):
                rolls_up = rolls_up or _is_asked(known, kind, what)
                raise _Again
            return known
    raise OperationalError("The contact kept moving between partners.")


def _is_asked(found: definitions.RuleSet | None, kind: str, what: str) -> bool:
    return found is not None and bool(found.related.of_activity("partner", kind, what))


def did(request, kind: str, what: str = "") -> None:
    """The request's contact did this. Written after the response: a page that is read cannot write."""
    request.deeds = [*getattr(request, "deeds", ()), (kind, what)]


class ActivityMiddleware:
    """Writes what views say was done, once the response is sent."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        deeds = getattr(request, "deeds", ())
        if deeds and response.status_code < 300:
            response._resource_closers.append(
                partial(_write, request.workspace, request.contact, deeds, timezone.now())
            )
        return response


def _write(workspace, contact: Contact, deeds, at: datetime) -> None:
    """A page that was shown is no reason to fail: what cannot be written is lost, and logged."""
    try:
        with workspace_transaction(workspace):
            for kind, what in deeds:
                note(contact, kind, what, at=at)
    except Exception:
        log.exception("What %s did could not be noted", contact.pk)


@receiver(user_logged_in)
def signed_in(request, user, **kwargs) -> None:
    """Signing in at a workspace."""
    workspace = getattr(request, "workspace", None)
    if workspace is None:
        return
    with workspace_transaction(workspace):
        for contact in people.contacts_of(user):
            note(contact, SIGNED_IN)


@receiver(contact_visited)
def opened_portal(sender, contact, workspace, **kwargs) -> None:
    with workspace_transaction(workspace):
        note(contact, OPENED)
