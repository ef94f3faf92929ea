"""What the clock costs: an ordinary minute with rules about dates."""

import time
from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from segments.benchmarks.crowd import Crowd
from segments.engine import definitions
from segments.models import ContactState
from workspaces import jobs
from workspaces.measuring import Figure
from workspaces.tenancy import workspace_transaction

MIDNIGHT = 0.24  # of all, by the rules of this population


def figures(crowd: Crowd) -> Iterator[Figure]:
    with workspace_transaction(crowd.workspace):
        found = definitions.current()
        timed = sum(found.rules["contact"].only([build]).timed for build in found.rules["contact"].builds)
        minute = timezone.now() + timedelta(minutes=1)
        overdue = ContactState.objects.filter(next_flip_at__lte=timezone.now()).count()
        due = ContactState.objects.filter(next_flip_at__gt=timezone.now(), next_flip_at__lte=minute).count()
    if overdue:
        took = _sweep(crowd)
        yield Figure("what was overdue since the workspace was made", overdue, "", note=f"{took:.1f} s")
    with workspace_transaction(crowd.workspace):
        ordinary = min(max(due, 1) if not overdue else max(due, crowd.size // 4000), 1000)
        ids = list(ContactState.objects.order_by("chunk", "pk").values_list("pk", flat=True)[:ordinary])
        ContactState.objects.filter(pk__in=ids).update(next_flip_at=timezone.now())
    note = f"{len(ids)} due, {timed} rules about dates"
    yield Figure("the sweep of an ordinary minute", _sweep(crowd), "s", 1, note=note)
    many = _midnight(crowd)
    bar = 120 * max(crowd.size / 1_000_000, 0.01)
    yield Figure("the sweep of midnight", _sweep(crowd), "s", bar, note=f"{many:,} due at once")


def _midnight(crowd: Crowd) -> int:
    """As many at once as have a day among a hundred dates and rules: who is due is looked at, changed or not."""
    with workspace_transaction(crowd.workspace):
        ids = ContactState.objects.filter(chunk__lt=round(128 * MIDNIGHT)).values("pk")
        return ContactState.objects.filter(pk__in=ids).update(next_flip_at=timezone.now())


def _sweep(crowd: Crowd) -> float:
    started = time.perf_counter()
    jobs.run(crowd.workspace.pk, "segments.clock")
    return time.perf_counter() - started
