"""Writers, movers, partners, syncs and publishers at once, in real transactions: nobody ends up where they do not
belong, by rule, by exception, or because they are held."""

import os
import random
import threading
import time
from collections import Counter

import pytest
from django.db import OperationalError, connection

from segments import editing
from segments.engine import batches, counting, definitions, exceptions, holding, publishing, verdicts
from segments.engine.states import peek
from segments.models import Build, BuildChange, Hold, MembershipChange, Segment, SegmentException
from segments.rules.moments import Moment
from segments.rules.tree import new_tree
from tests.conftest import make_partner
from tests.segments.conftest import ADA
from workspaces.actors import Actor
from workspaces.models import Contact, Partner, Property
from workspaces.properties import create_contact, move_contact, set_properties
from workspaces.tenancy import workspace_transaction

HUBSPOT = Actor("crm", "1", "Acme sync")
SECONDS = float(os.environ.get("CONCURRENCY_SECONDS", "3"))
TIERS = ["registered", "silver", "gold", "platinum"]
ROLES = ["sales_rep", "admin", "marketing"]
PHASES = ["prospecting", "active", None]

pytestmark = pytest.mark.django_db(transaction=True)


def leaf(number, op, value, of="self"):
    return {"p": number, "of": of, "op": op, "v": value}


class Crowd:
    """The workspace under test, and everything that happens to it."""

    def __init__(self, workspace):
        self.workspace = workspace
        self.stop = threading.Event()
        self.done = Counter()
        self.errors = []
        partners = [make_partner(workspace, f"Partner {n}", tier=TIERS[n % 4]) for n in range(6)]
        self.partners = [partner.pk for partner in partners]
        with workspace_transaction(workspace):
            self.numbers = {(p.level, p.key): p.number for p in Property.objects.all()}
            self.contacts = [
                create_contact(partners[n % 6], {"email": f"c{n}@example.com"}, by=ADA).pk for n in range(60)
            ]
            self.segments = [self._create(n).pk for n in range(6)]

    def _create(self, n):
        level = "partner" if n < 2 else "contact"
        return editing.create(level=level, kind="dynamic", name=f"S{n}", tree=self.rule(level, n), by=ADA)

    def rule(self, level, seed):
        r = random.Random(seed)
        side = "self" if level == "partner" else "partner"
        items = [leaf(self.numbers["partner", "tier"], "is_any_of", sorted(r.sample(TIERS, 2)), side)]
        items += [leaf(self.numbers["partner", "phase"], "is_none_of", ["active"], side)] * (seed % 2)
        if level == "contact":
            items.append(leaf(self.numbers["contact", "role"], "is_any_of", sorted(r.sample(ROLES, 2))))
        return new_tree(level, *items, op=r.choice(["all", "any", "none"]))

    def run(self, work, seed):
        r = random.Random(seed)
        try:
            while not self.stop.is_set():
                with workspace_transaction(self.workspace):
                    work(r)
                self.done[work.__name__] += 1
        except Exception as error:
            self.errors.append(f"{work.__name__}: {error!r}")
        finally:
            connection.close()

    def change_contact(self, r):
        contact = Contact.objects.get(pk=r.choice(self.contacts))
        if r.random() < 0.5:
            move_contact(
                contact, Partner.objects.get(pk=r.choice(self.partners)), by=r.choice([ADA, HUBSPOT])
            )
        else:
            set_properties(contact, {"role": r.choice(ROLES)}, by=r.choice([ADA, HUBSPOT]))

    def change_partner(self, r):
        partner = Partner.objects.get(pk=r.choice(self.partners))
        by = r.choice([ADA, HUBSPOT])
        set_properties(partner, {"tier": r.choice(TIERS), "phase": r.choice(PHASES)}, by=by)

    def make_exceptions(self, r):
        """Half of the time one is made, else one is ended, so that a few are there at any moment."""
        segment = Segment.objects.get(pk=r.choice(self.segments))
        if r.random() < 0.5:
            model, ids = (Partner, self.partners) if segment.level == "partner" else (Contact, self.contacts)
            record = model.objects.get(pk=r.choice(ids))
            included = r.random() < 0.5
            exceptions.set_exception(segment, record, included=included, reason="x", by=ADA)
        elif row := SegmentException.objects.select_related("segment", "contact", "partner").first():
            exceptions.end(row, by=ADA)

    def decide(self, r):
        """What the breaker held is released or kept after a while."""
        if hold := Hold.objects.filter(state="open").select_related("segment").first():
            r.choice([holding.release, holding.keep])(hold, by=ADA)

    def publish(self, r):
        segment = Segment.objects.get(pk=r.choice(self.segments))
        tree = self.rule(segment.level, r.randrange(1000))
        editing.save(segment, name=segment.name, description="", kind="dynamic", tree=tree, by=ADA)

    def publish_now_and_then(self, r):
        """A worker that is given more than it can do would never be seen to finish."""
        self.publish(r)
        self.stop.wait(1)

    def fold(self, r):
        counting.fold()
        time.sleep(0.02)

    def guard(self, r):
        r.choice([self.make_exceptions] * 4 + [self.decide, lambda r: holding.settle()])(r)
        time.sleep(0.02)


def expected_and_stored(level):
    """By subject: the live builds that a fresh evaluation finds, and those that are stored."""
    found = definitions.current()
    moment = Moment(time_of_database(), found.zone)
    live = set(found.segment_of)
    model = {"partner": Partner, "contact": Contact}[level]
    for subject in peek(level, list(model.objects.values_list("pk", flat=True))):
        rules = found.rules[level]
        fresh = verdicts.decide(
            rules.evaluate(subject.own, subject.partner, moment),
            rules.builds,
            builds_of=found.builds_of,
            exceptions=subject.exceptions,
            held=subject.held,
            at=moment.at,
        )
        yield subject.id, fresh & live, subject.builds & live


def check_mirrors(level):
    """States and rows say the same about exceptions, and nobody is held for whom no decision is waiting."""
    model = {"partner": Partner, "contact": Contact}[level]
    subjects = peek(level, list(model.objects.values_list("pk", flat=True)))
    rows = SegmentException.objects.filter(segment__level=level)
    said = set(rows.values_list(f"{level}_id", "segment__number", "included"))
    assert {(s.id, int(number), one["in"]) for s in subjects for number, one in s.exceptions.items()} == said
    waiting = set(
        Hold.objects.filter(state__in=["open", "releasing", "keeping"]).values_list(
            "segment__number", flat=True
        )
    )
    assert {number for subject in subjects for number in subject.held} <= waiting


def time_of_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


def replayed(segment):
    """Who must be in, going by the history alone."""
    events = [
        (
            change.at,
            [change.subject_id] if change.joined else [],
            [] if change.joined else [change.subject_id],
        )
        for change in MembershipChange.objects.filter(segment=segment)
    ]
    events += [(c.at, c.joined, c.left) for c in BuildChange.objects.filter(segment=segment)]
    balance = Counter()
    for _, joined, left in events:
        balance.update(joined)
        balance.subtract(left)
    assert set(balance.values()) <= {0, 1}
    return {pk for pk, count in balance.items() if count}


@pytest.mark.parametrize("queued", [False, True], ids=["inline", "queued"])
def test_membership_is_what_a_fresh_evaluation_says(acme, queued, monkeypatch, drain):
    if queued:
        monkeypatch.setattr(publishing, "INLINE", 0)
        # So few that everybody is looked at before chunks are filled.
        monkeypatch.setattr(batches, "AT_ONCE", 20)
    crowd = Crowd(acme)
    if queued:
        drain()
    publish = crowd.publish_now_and_then if queued else crowd.publish
    jobs = [crowd.change_contact] * 2 + [crowd.change_partner] * 2 + [publish, crowd.fold, crowd.guard]
    threads = [threading.Thread(target=crowd.run, args=(job, seed)) for seed, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        time.sleep(0.05)
        if queued:
            drain(rounds=1)
    crowd.stop.set()
    for thread in threads:
        thread.join(30)
    drain()

    assert crowd.errors == [], crowd.errors
    assert min(crowd.done[job.__name__] for job in jobs) > 3
    with workspace_transaction(acme):
        for level in ("partner", "contact"):
            stale = {pk: (f, s) for pk, f, s in expected_and_stored(level) if f != s}
            assert stale == {}
            check_mirrors(level)
        assert not Build.objects.filter(state__in=["building", "failed"]).exists()
        for segment in counting.with_members(Segment.objects.filter(pk__in=crowd.segments)):
            members = set(members_of(segment))
            assert segment.members == len(members)
            assert replayed(segment) == members
    print(dict(crowd.done))


def test_parallel_syncs_count_together_and_exactly(acme):
    """Eight writers take everybody out of one segment: the first twenty leave, whoever they are, all others are held."""
    partners = [make_partner(acme, f"P{n}", tier="gold") for n in range(64)]
    with workspace_transaction(acme):
        tier = Property.objects.get(level="partner", key="tier").number
        tree = new_tree("partner", leaf(tier, "is_any_of", ["gold"]))
        gold = editing.create(level="partner", kind="dynamic", name="Gold", tree=tree, by=ADA)
    errors = []

    def take_out(mine):
        try:
            for partner in mine:
                with workspace_transaction(acme):
                    set_properties(partner, {"tier": "silver"}, by=HUBSPOT)
        except Exception as error:
            errors.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=take_out, args=(partners[n::8],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    with workspace_transaction(acme):
        gold.refresh_from_db()
        assert MembershipChange.objects.filter(segment=gold, joined=False).count() == 20
        assert (holding.held_in(gold).count(), len(members_of(gold))) == (44, 44)
        hold = Hold.objects.get()
        assert (hold.size, hold.left) == (64, 20)


def members_of(segment):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {segment.level}_id FROM segments_{segment.level}state WHERE %s = ANY (builds)",
            [segment.live_build],
        )
        return [row[0] for row in cursor.fetchall()]


def test_the_deadlock_that_the_order_of_locks_prevents_would_be_seen(acme):
    """The test above can fail: two transactions that lock in opposite orders do deadlock here."""
    crowd = Crowd(acme)
    barrier = threading.Barrier(2, timeout=10)
    caught = []

    def lock_both(first, second):
        try:
            with workspace_transaction(acme):
                Partner.objects.select_for_update().get(pk=first)
                barrier.wait()
                Partner.objects.select_for_update().get(pk=second)
        except OperationalError as error:
            caught.append(error)
        finally:
            connection.close()

    one, two = crowd.partners[:2]
    threads = [threading.Thread(target=lock_both, args=pair) for pair in ((one, two), (two, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(caught) == 1
