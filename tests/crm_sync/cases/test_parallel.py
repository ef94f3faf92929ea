"""Case 18: several workers and people at one record at once. One after the other, nothing lost, nobody in a circle."""

import random
import threading
from itertools import pairwise

import pytest
from django.db import connection as database

from crm_sync.connectors.base import CrmField
from crm_sync.inbound import inbox, linking
from crm_sync.mapping.fields import map_field
from crm_sync.models import Connection
from crm_sync.outbound import outbox
from tests.crm_sync.cases.simulation import SKEW, PocketCrm, World
from tests.crm_sync.conftest import Sync
from workspaces.actors import Actor
from workspaces.jobs import run
from workspaces.models import PropertyChange
from workspaces.properties import create_partner, define_properties, set_properties
from workspaces.tenancy import workspace_transaction

pytestmark = pytest.mark.django_db(transaction=True)
FIELDS = {"f_here": "portal", "f_there": "crm"}
PEOPLE, STEPS = 4, 50  # 200 steps at one record
EDITOR = Actor("contact", "x", "Pat")


class Guarded(PocketCrm):
    """As a CRM takes one request after the other."""

    def __init__(self, fields):
        super().__init__(fields)
        self.lock = threading.RLock()

    def read(self, *given):
        with self.lock:
            return super().read(*given)

    def write(self, *given):
        with self.lock:
            return super().write(*given)

    def edit(self, *given):
        with self.lock:
            return super().edit(*given)


@pytest.fixture
def world(acme, monkeypatch):
    crm = Guarded(FIELDS)
    crm.add("1")
    for module in (inbox, outbox):
        monkeypatch.setattr(module, "connector_for", lambda connection, priority=None: crm)
    with workspace_transaction(acme):
        connection = Connection.objects.create(
            provider="hubspot", account="1", app="1", clock_ahead=SKEW.total_seconds()
        )
        props = define_properties(
            [{"level": "partner", "key": name, "label": name, "type": "text"} for name in FIELDS]
        )
        partner = create_partner({"name": "Firm"}, by=EDITOR)
        for prop in props:
            field = CrmField(prop.key, prop.key, "string")
            options = {"direction": "both", "policy": FIELDS[prop.key]}
            map_field(connection, object_type="company", field=field, prop=prop, **options)
        linking.link(connection, partner, "1")
    made = World(Sync(connection, acme, None), crm, {"1": partner}, monkeypatch)
    made.settle()
    return made


def test_two_hundred_steps_of_workers_and_people_at_one_record(world):
    errors, last = [], {}

    def work(seed):
        r = random.Random(seed)
        try:
            for n in range(STEPS):
                step(r, f"{seed}.{n}")
        except Exception as error:  # told by the test, not by a thread that nobody reads
            errors.append(error)
        finally:
            database.close()

    def step(r, value):
        match r.choice(["here", "there", "inbox", "outbox"]):
            case "here":
                with world.sync.inside():
                    set_properties(world.records["1"].__class__.objects.get(), {"f_here": value}, by=EDITOR)
            case "there":
                with world.crm.lock:
                    world.crm.edit("1", "f_there", value)
                    last["f_there"] = value
                world.deliver("1", [len(world.crm.events["1"]) - 1])
            case queue:
                run(world.sync.workspace.pk, f"crm.{queue}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (errors, [thread for thread in threads if thread.is_alive()]) == ([], [])
    world.settle()

    values = world.sync.values(world.records["1"])
    assert {name: values[name] for name in FIELDS} == {name: world.crm.records["1"][name] for name in FIELDS}
    assert values["f_there"] == last["f_there"]
    with world.sync.inside():
        for name in FIELDS:
            log = list(
                PropertyChange.objects.filter(prop__key=name).order_by("at", "pk").values_list("old", "new")
            )
            assert all(
                one[1] == other[0] for one, other in pairwise(log)
            )  # each began where the last one ended
            assert log[-1][1] == values[name]
            assert len(log) > PEOPLE
