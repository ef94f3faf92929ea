"""Edits of companies and deals on both sides, deals that change hands, webhooks lost, doubled and reordered, workers
dying at every commit: both sides end equal."""

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
from portal.deals import attributed
from tests.crm_sync.cases.simulation import LOST, SKEW, Killed, PocketCrm, World
from workspaces.actors import Actor
from workspaces.properties import create_partner, define_properties, properties_of, set_properties

POLICIES = ("crm", "portal", "latest")
FIELDS = {f"f_{policy}": policy for policy in POLICIES} | {"f_in": ""}
BOTH = [name for name, policy in FIELDS.items() if policy]
EDITOR = Actor("contact", "x", "Pat")

FLEET = 12  # companies, and as many deals: their stories are told at once, since a worker takes them together
NUMBERS = [str(number) for number in range(1, FLEET + 1)]
DEALS = [f"d{number}" for number in NUMBERS]
# 528 stories, the same ones each time; INTERLEAVING_TALES=1000 tells others, two dozen each.
TALES = int(os.environ.get("INTERLEAVING_TALES", 22))
ALWAYS_THE_SAME = "INTERLEAVING_TALES" not in os.environ

field, any_field = st.sampled_from(BOTH), st.sampled_from(list(FIELDS))
emptied = st.sampled_from([False, False, False, True])
death = st.one_of(st.none(), st.tuples(st.integers(0, 12), st.booleans()))
happening = st.one_of(
    st.tuples(st.just("here"), field, emptied),
    st.tuples(st.just("there"), any_field, emptied),
    st.tuples(st.just("told"), st.lists(st.integers(0, 9), min_size=1, max_size=4)),
)
move = st.tuples(st.just("moves"), st.integers(0, FLEET))  # to a company, or to none
work = st.one_of(
    st.tuples(st.just("inbox"), death),
    st.tuples(st.just("outbox"), death),
    st.tuples(st.just("outbox, interrupted"), st.tuples(any_field, st.integers(0, 2))),
    st.tuples(st.just("answer"), st.sampled_from([LOST, Killed()])),
    st.tuples(st.just("lag"), st.integers(1, 2)),
)
of_companies = st.lists(st.lists(happening, max_size=2), min_size=FLEET, max_size=FLEET)
of_deals = st.lists(st.lists(st.one_of(happening, move), max_size=2), min_size=FLEET, max_size=FLEET)
happenings = st.tuples(of_companies, of_deals)
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
        levels = {"partner": "company", "deal": "deal"}
        props = define_properties(
            {"level": level, "key": name, "label": name, "type": "text"}
            for level in levels
            for name in FIELDS
        )
        for prop in props:
            policy = FIELDS[prop.key]
            map_field(
                sync.connection,
                object_type=levels[prop.level],
                field=CrmField(prop.key, prop.key, "string"),
                prop=prop,
                direction="both" if policy else "in",
                policy=policy or "crm",
            )
    return crm


@pytest.fixture
def world(sync, pocket, monkeypatch):
    """Partners and companies that agree, and a deal of each. Each tale leaves them agreeing again."""
    records = {}
    with sync.inside():
        sync.connection.refresh_from_db()
        for number in NUMBERS:
            partner = records[number] = create_partner({"name": f"Firm {number}"}, by=EDITOR)
            pocket.add(number)
            records[f"d{number}"] = attributed.create("deal", {"name": number}, partner=partner, by=EDITOR)
            pocket.add(f"d{number}", company=number)
        for number, record in records.items():
            linking.link(sync.connection, record, number)
    made = World(sync, pocket, records, monkeypatch)
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
    edits = {i: Edits(world.crm.records[i]) for i in world.records}
    for happens, worked in story:
        for i, steps in zip((*NUMBERS, *DEALS), itertools.chain(*happens), strict=True):
            for step in steps:
                happen(world, edits[i], i, *step)
        run(world, edits, worked)
    world.settle()

    passes = sum(worked[0] != "lag" for _, worked in story)
    for i, ours in values_here(world).items():
        assert ours == {name: world.crm.records[i].get(name, "") for name in FIELDS}
        assert world.crm.writes[i] <= len(edits[i].here) + passes
        if not rewrites and not edits[i].overlapping:
            for name in FIELDS:
                assert ours[name] in edits[i].allowed(name), (i, name)
    assert sold_by(world) == {i: world.crm.companies[i] for i in DEALS}


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


def happen(world, edits, i, what, *details):
    if what == "told":
        return world.deliver(i, details[0])
    if what == "moves":
        return world.crm.move(i, [None, *NUMBERS][details[0]])
    name, empty = details
    value = "" if empty else f"v{next(numbers)}"
    if what == "there":
        changed = world.crm.edit(i, name, value)
    else:
        with world.sync.inside():
            changed = set_properties(world.records[i], {name: value}, by=EDITOR)
    if changed:
        edits.note(what, name, value)
    return None


def run(world, edits, worked):
    what, detail = worked
    if what == "lag":
        world.crm.lag = detail
    elif what == "answer":
        world.crm.after_write = detail
        world.work(outbox.drain)
    elif what == "outbox, interrupted":
        world.crm.on_write = lambda: interrupt(world, edits, *detail)
        world.work(outbox.drain)
    else:
        dies_at, commits = detail or (None, True)
        world.work({"inbox": inbox.drain, "outbox": outbox.drain}[what], dies_at=dies_at, commits=commits)


def interrupt(world, edits, name, third):
    """Between our look and our write somebody changes some records, and the webhooks are quicker than we are."""
    for i in list(edits)[third::3]:
        value, of_record = f"v{next(numbers)}", edits[i]
        of_record.note("there", name, value)
        of_record.overlapping = True
        world.crm.edit(i, name, value)
    world.deliver_the_rest()
    with world.sync.inside():
        world.sync.connection.records.update(reading_until=None)
    inbox.drain()


def values_here(world):
    """Id → field → value, of everything."""
    found = {}
    with world.sync.inside():
        for level in ("partner", "deal"):
            keys = {str(p.number): p.key for p in properties_of(level).values() if p.key in FIELDS}
            for i, record in world.records.items():
                if record.level == level:
                    record.refresh_from_db()
                    found[i] = {key: record.raw.get(number) or "" for number, key in keys.items()}
    return found


def sold_by(world):
    """Deal → the company of the partner that sells it; None while it is put aside."""
    number_of = {record.pk: i for i, record in world.records.items()}
    deals = {i: world.records[i] for i in DEALS}
    return {i: None if deal.archived_at else number_of[deal.partner_id] for i, deal in deals.items()}
