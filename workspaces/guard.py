"""A change that would lock the last person out of something is taken back until somebody says that it is meant.

Who knows what there is to lose stands above us and listens to `access_watch`: it is asked before the change, and
answers with a function that is asked again after it.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal
from django.shortcuts import render

from workspaces.models import Partner

# partners: ids of those that a change may concern, or None for all. segment: where only its members change.
# Receivers return a function without arguments → list[Loss].
access_watch = Signal()
SHOWN = 5
CONFIRMED = "confirmed"  # the field by which a form says that it is meant


@dataclass(frozen=True)
class Loss:
    """At one partner: who could do something until now, and nobody could after the change."""

    partner_id: UUID
    who: str
    what: str


class WouldLock(Exception):
    """The change was taken back. `losses` are those of some partners, with the partner; `more` counts the others."""

    def __init__(self, losses: list[Loss]):
        shown = losses[:SHOWN]
        partners = Partner.objects.in_bulk([loss.partner_id for loss in shown])
        self.losses = [(partners[loss.partner_id], loss) for loss in shown]
        self.more = max(0, len(losses) - SHOWN)
        super().__init__(f"{len(losses)} partners would have nobody left")

    @property
    def told(self) -> str:
        """For where no page can ask: At Kestrel nobody could edit the profile any more, which Pat can now."""
        text = "At {} nobody could {} any more, which {} can now."
        lines = [text.format(partner, loss.what, loss.who) for partner, loss in self.losses]
        return " ".join(lines) + (f" The same at {self.more} more." if self.more else "")


@contextmanager
def guarded(*, confirmed, partners=None, segment=None):
    """Runs a change in a savepoint. Raises WouldLock where something is lost and nobody confirmed."""
    asked = {"partners": partners, "segment": segment}
    answers: list[Any] = [] if confirmed else access_watch.send(sender=None, **asked)
    with transaction.atomic():
        yield
        losses = [loss for _, again in answers for loss in again()]
        if losses:
            raise WouldLock(losses)


def is_confirmed(request):
    return CONFIRMED in request.POST


class GuardMiddleware:
    """Whatever view of Settings made the change: it is rolled back, and the page asks, with everything typed."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, WouldLock) or not hasattr(request, "member"):
            return None
        typed = [(name, value) for name, values in request.POST.lists() for value in values]
        typed = [pair for pair in typed if pair[0] not in {CONFIRMED, "csrfmiddlewaretoken"}]
        content = {"locked": exception, "typed": typed}
        return render(request, "workspaces/settings/would_lock.html", content, status=409)
