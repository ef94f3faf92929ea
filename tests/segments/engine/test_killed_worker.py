"""A worker that is killed in the middle of a recompute: the members of before hold, and the next worker ends it."""

import os
import signal
import subprocess
import sys

import pytest
from django.db import connection

from segments import editing
from segments.engine import publishing
from segments.models import Build, BuildChange, PartnerState, Segment
from segments.rules.tree import new_tree
from tests.conftest import make_partner
from tests.segments.conftest import ADA
from workspaces import jobs
from workspaces.models import Partner
from workspaces.properties import set_properties

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]
PARTNERS = 24
# Fills the builds that wait, and stands still before the commit of the third piece.
WORKER = """
import os, sys, time
import django
django.setup()
from django.db import connections
for one in connections.databases.values():
    one["NAME"] = os.environ["TEST_DATABASE"]
from segments.engine import batches, publishing
from workspaces import jobs
batches.AT_ONCE = 1
pieces = []
def fill(*args, again=publishing.fill, **more):
    again(*args, **more)
    pieces.append(1)
    if len(pieces) == 3:
        print("in the middle", flush=True)
        time.sleep(60)
publishing.fill = fill
jobs.run_everything()
"""


@pytest.fixture
def crowd(acme):
    return [make_partner(acme, f"Partner {n}", tier="gold" if n % 2 else "silver") for n in range(PARTNERS)]


@pytest.fixture
def save(acme, inside, number, monkeypatch):
    monkeypatch.setattr(publishing, "INLINE", 0)

    def tree(tier):
        return new_tree(
            "partner", {"p": number("partner", "tier"), "of": "self", "op": "is_any_of", "v": [tier]}
        )

    def to(segment, tier):
        with inside(acme):
            segment.refresh_from_db()
            fields = {"name": "Tier", "kind": "dynamic", "description": "", "by": ADA}
            editing.save(segment, tree=tree(tier), **fields)

    with inside(acme):
        segment = editing.create(level="partner", kind="dynamic", name="Tier", tree=tree("gold"), by=ADA)
    jobs.run_everything()
    return segment, to


def kill_in_the_middle():
    environment = {**os.environ, "TEST_DATABASE": connection.settings_dict["NAME"]}
    environment["DJANGO_SETTINGS_MODULE"] = "introw.settings"
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout.readline() == "in the middle\n"
        os.kill(worker.pid, signal.SIGKILL)


def test_the_old_members_hold_and_the_next_worker_ends_it(acme, inside, crowd, save, members_of):
    segment, save_as = save
    gold = sorted(one.name for one in crowd[1::2])
    assert members_of(segment) == gold

    save_as(segment, "silver")
    kill_in_the_middle()
    assert members_of(segment) == gold
    with inside(acme):
        build = publishing.building(Segment.objects.get(pk=segment.pk))
        assert build.state == Build.State.BUILDING
        assert 0 < build.done < 128
        set_properties(Partner.objects.get(pk=crowd[0].pk), {"tier": "gold"}, by=ADA)
        set_properties(Partner.objects.get(pk=crowd[1].pk), {"tier": "silver"}, by=ADA)
    assert members_of(segment) == sorted({*gold, crowd[0].name} - {crowd[1].name})

    jobs.run_everything()
    silver = sorted({one.name for one in [*crowd[::2], crowd[1]]} - {crowd[0].name})
    assert members_of(segment) == silver
    with inside(acme):
        build.refresh_from_db()
        assert (build.state, build.done, build.members) == (Build.State.LIVE, 128, len(silver))
        moved = BuildChange.objects.filter(build=build)
        joined = [pk for change in moved for pk in change.joined]
        assert sorted(joined) == sorted(one.pk for one in [*crowd[2::2], crowd[1]])
        assert not PartnerState.objects.exclude(builds__contained_by=[build.number]).exists()
