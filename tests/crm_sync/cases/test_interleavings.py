"""Edits on both sides, webhooks lost, doubled and reordered, workers dying at every commit: both sides end equal."""

import itertools
import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm_sync.connectors.base import CrmField
from crm_sync.inbound import inbox, linking
from crm_sync.mapping.fields import map_field
from crm_sync.models import Connection
from crm_sync.outbound import outbox
from tests.crm_sync.cases.simulation import LOST, SKEW, Killed, PocketCrm, World
from workspaces.actors import Actor
from workspaces.properties import create_partner, define_properties, set_properties

POLICIES = ("crm", "portal", "latest")
FIELDS = {f"f_{policy}": policy for policy in POLICIES} | {"f_in": ""}
BOTH = [name for name, policy in FIELDS.items() if policy]
EDITOR = Actor("contact", "x", "Pat")

FLEET = 12  # a dozen stories are told at once, since a worker takes them together
# 528 stories, the same ones each time; INTERLEAVING_TALES=1000 tells others, and as many dozens.
TALES = int(os.environ.get("INTERLEAVING_TALES", 44))
ALWAYS_THE_SAME = "INTERLEAVING_TALES" not in os.environ

field, any_field = st.sampled_from(BOTH), st.sampled_from(list(FIELDS))
emptied = st.sampled_from([False, False, False, True])
death = st.one_of(st.none(), st.tuples(st.integers(0, 12), st.booleans()))
happening = st.one_of(
    st.tuples(st.just("here"), field, emptied),
    st.tuples(st.just("there"), any_field, emptied),
    st.tuples(st.just("told"), st.lists(st.integers(0, 9), min_size=1, max_size=4)),
)
work = st.one_of(
    st.tuples(st.just("inbox"), death),
    st.tuples(st.just("outbox"), death),
    st.tuples(st.just("outbox, interrupted"), any_field),
    st.tuples(st.just("answer"), st.sampled_from([LOST, Killed()])),
    st.tuples(st.just("lag"), st.integers(1, 2)),
)
happenings = st.lists(st.lists(happening, max_size=2), min_size=FLEET, max_size=FLEET)
stories = st.lists(st.tuples(happenings, work), min_size=3, max_size=6)
numbers = itertools.count(1)


@pytest.fixture
def pocket(sync, monkeypatch):
    """acme's connection, to a CRM in this process."""
    crm = PocketCrm(FIELDS)
    for module in (inbox, outbox):
        monkeypatch.setattr(module, "connector_for", lambda connection, priority=None: crm)
    with sync.inside():
        sync.connection.mappings.all().delete()
        Connection.objects.update(clock_ahead=SKEW.total_seconds())
        props = define_properties(
            [{"level": "partner", "key": name, "label": name, "type": "text"} for name in FIELDS]
        )
        for prop in props:
            policy = FIELDS[prop.key]
            map_field(
                sync.connection,
                object_type="company",
                field=CrmField(prop.key, prop.key, "string"),
                prop=prop,
                direction="both" if policy else "in",
                policy=policy or "crm",
            )
    return crm


@pytest.fixture
def world(sync, pocket, monkeypatch):
    """Partners and companies that agree. Each tale leaves them agreeing again."""
    partners = {str(number): None for number in range(1, FLEET + 1)}
    with sync.inside():
        sync.connection.refresh_from_db()
        for number in partners:
            pocket.add(number)
            partners[number] = create_partner({"name": f"Firm {number}"}, by=EDITOR)
            linking.link(sync.connection, partners[number], number)
    made = World(sync, pocket, partners, monkeypatch)
    made.settle()
    return made


@settings(
    max_examples=TALES,
    derandomize=ALWAYS_THE_SAME,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(story=stories, locks=st.booleans(), rewrites=st.sampled_from([False, False, True]))
def test_after_every_interleaving_both_sides_are_equal_and_writes_are_bounded(world, story, locks, rewrites):
    world.begin(locks=locks, rewrites=rewrites)
    edits = {company_id: Edits(world.crm.records[company_id]) for company_id in world.partners}
    for happens, worked in story:
        for company_id, steps in zip(world.partners, happens, strict=True):
            for step in steps:
                happen(world, edits[company_id], company_id, step)
        run(world, edits, worked)
    world.settle()

    passes = sum(worked[0] != "lag" for _, worked in story)
    for company_id, partner in world.partners.items():
        of_record, ours = edits[company_id], values_here(world, partner)
        assert ours == {name: world.crm.records[company_id].get(name, "") for name in FIELDS}
        assert world.crm.writes[company_id] <= len(of_record.here) + passes
        if not rewrites and not of_record.overlapping:
            for name in FIELDS:
                assert ours[name] in of_record.allowed(name), (company_id, name)


class Edits:
    """Who edited what, in the order in which it happened: (field, value), and who may have the last word."""

    def __init__(self, values):
        self.before = dict(values)
        self.here, self.there, self.order, self.overlapping = [], [], [], False

    def note(self, side, name, value):
        getattr(self, side).append((name, value))
        self.order.append((side, name, value))

    def allowed(self, name):
        mine = [(side, value) for side, field, value in self.order if field == name]
        before = self.before.get(name, "")
        if not mine:
            return {before}
        sides = {side for side, _ in mine}
        last_side, last = mine[-1]
        only = len(sides) == 1
        wins = (FIELDS[name] == "portal" and last_side == "here") or (
            FIELDS[name] == "crm" and last_side == "there"
        )
        # A value that goes and comes back looks like one that never changed: then it has no last word.
        came_back = [before, *(value for _, value in mine)].count(last) > 1
        if only or not FIELDS[name] or (wins and not came_back):
            return {last}
        return {next(value for side, value in reversed(mine) if side == wanted) for wanted in sides}


def happen(world, edits, company_id, step):
    what, *details = step
    if what == "told":
        world.deliver(company_id, details[0])
        return
    name, empty = details
    value = "" if empty else f"v{next(numbers)}"
    if what == "there":
        changed = world.crm.edit(company_id, name, value)
    else:
        with world.sync.inside():
            changed = set_properties(world.partners[company_id], {name: value}, by=EDITOR)
    if changed:
        edits.note(what, name, value)


def run(world, edits, worked):
    what, detail = worked
    if world.crm.lag and what not in ("lag", "inbox") and not world.crm.locks:
        # A CRM that shows an old copy and takes any write cannot keep its own change: only equality is left.
        for of_record in edits.values():
            of_record.overlapping = True
    if what == "lag":
        world.crm.lag = detail
    elif what == "answer":
        world.crm.after_write = detail
        world.work(outbox.drain)
    elif what == "outbox, interrupted":
        world.crm.on_write = lambda: interrupt(world, edits, detail)
        world.work(outbox.drain)
    else:
        dies_at, commits = detail or (None, True)
        world.work({"inbox": inbox.drain, "outbox": outbox.drain}[what], dies_at=dies_at, commits=commits)


def interrupt(world, edits, name):
    """Between our look and our write somebody changes the records, and the webhooks are quicker than we are."""
    for company_id, of_record in edits.items():
        value = f"v{next(numbers)}"
        of_record.note("there", name, value)
        of_record.overlapping = True
        world.crm.edit(company_id, name, value)
        world.deliver(company_id, [len(world.crm.events[company_id]) - 1])
    with world.sync.inside():
        world.sync.connection.records.update(reading_until=None)
    inbox.drain()


def values_here(world, partner):
    values = world.sync.values(partner)
    return {name: values.get(name) or "" for name in FIELDS}
