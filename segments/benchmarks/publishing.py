"""What a new rule costs: one over everybody, and all of a workspace again by a worker, with pages open beside it."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

from django.conf import settings
from django.test import Client
from django.utils import timezone

from segments import editing
from segments.benchmarks.crowd import Crowd
from segments.engine import definitions, recomputing
from segments.models import Segment
from segments.rules.tree import new_tree
from workspaces import jobs, people
from workspaces.actors import SYSTEM
from workspaces.measuring import Figure, percentile
from workspaces.models import TeamMember, User
from workspaces.tenancy import workspace_transaction

WORK = "import django; django.setup(); from segments.benchmarks import publishing; publishing.work({!r})"


def figures(crowd: Crowd) -> Iterator[Figure]:
    for name, op, value, bar in (("2.5 %", "gte", 98, 3), ("40 %", "lte", 44, 7)):
        seconds, members = _publish(crowd, op, value)
        yield Figure(
            f"publish a segment with {name} of all contacts", seconds, "s", bar, note=f"{members:,} members"
        )


def everything(crowd: Crowd) -> Iterator[Figure]:
    """Everybody by every segment once more, by a worker of its own; meanwhile somebody looks at pages here."""
    client = _somebody(crowd)
    quiet = _looks(crowd, client, seconds=4)
    with workspace_transaction(crowd.workspace):
        count = len(definitions.current().segment_of)
    command = [sys.executable, "-c", WORK.format(str(crowd.workspace.pk))]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603
    busy: list[float] = []
    while worker.poll() is None:
        busy += _looks(crowd, client, seconds=0.5)
    said = worker.communicate()[0].decode().split()
    yield Figure(
        f"all {count:,} segments again, in the background",
        float(said[0]),
        "s",
        30 * crowd.size / 100_000,
        note=f"{float(said[1]):.1f} s of processor in it",
    )
    yield Figure("memory of that worker, at most", float(said[2]), "MB", 300)
    yield Figure(
        "a page of partners, p95 beside it against quiet",
        percentile(busy, 95) / percentile(quiet, 95),
        "x",
        1.5,
        note=f"{percentile(quiet, 95):.0f} ms in quiet",
    )


def work(workspace_id: str) -> None:
    """What the worker does, with how long it took and how much memory it had."""
    os.nice(5)
    started = time.perf_counter()
    jobs.run(workspace_id, recomputing.QUEUE)
    seconds = time.perf_counter() - started
    print(seconds, time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _publish(crowd: Crowd, op: str, value: int) -> tuple[float, int]:
    prop = crowd.property("contact", "number_0")
    tree = new_tree("contact", {"p": prop.number, "of": "self", "op": op, "v": value})
    started = time.perf_counter()
    with workspace_transaction(crowd.workspace):
        name = f"Bench {timezone.now().isoformat()}"
        segment = editing.create(level="contact", kind=Segment.Kind.DYNAMIC, name=name, tree=tree, by=SYSTEM)
    jobs.run(crowd.workspace.pk, "segments.publish")
    seconds = time.perf_counter() - started
    with workspace_transaction(crowd.workspace):
        segment.refresh_from_db()
        editing.delete(segment)
    return seconds, segment.member_count


def _somebody(crowd: Crowd) -> Client:
    """A member of the team, signed in."""
    user, _ = User.objects.get_or_create(email="bench@example.com", defaults={"name": "Bench"})
    with workspace_transaction(crowd.workspace):
        if not TeamMember.objects.filter(user=user).exists():
            people.add_team_member(user, crowd.workspace, access="viewer")
    client = Client(headers={"host": settings.PUBLIC_HOST})
    client.force_login(user, settings.AUTHENTICATION_BACKENDS[0])
    return client


def _looks(crowd: Crowd, client: Client, *, seconds: float) -> list[float]:
    """Milliseconds of a page of partners, each time with others on it."""
    took = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        page = client.get(f"/{crowd.workspace.slug}/settings/partners/?page={crowd.random.randint(1, 20)}")
        took.append((time.perf_counter() - started) * 1000)
        if page.status_code != 200:
            raise RuntimeError(f"The page answered {page.status_code}.")
        time.sleep(0.02)
    return took
