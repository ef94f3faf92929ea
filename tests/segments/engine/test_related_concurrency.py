"""People who change, move, make quotes and sign in, all at once and while rules that ask for it are published: what is
kept about everybody is what the tables say, and nobody waits in a circle.
"""

import os
import random
import threading
import time
from collections import Counter

import pytest
from django.db import connection

from segments import activity, editing
from segments.engine import definitions, facts, publishing, verdicts
from segments.engine.states import peek
from segments.models import Build, Segment
from segments.rules.moments import Moment
from segments.rules.tree import new_tree
from tests.conftest import make_partner
from tests.segments.conftest import ADA
from tests.segments.engine.test_concurrency import time_of_database
from tests.segments.engine.test_related import quote_by
from workspaces import jobs
from workspaces.models import Contact, Partner, Property
from workspaces.properties import create_contact, move_contact, set_properties
from workspaces.tenancy import workspace_transaction

SECONDS = float(os.environ.get("CONCURRENCY_SECONDS", "3"))
ROLES = ["sales_rep", "admin", "marketing"]
pytestmark = pytest.mark.django_db(transaction=True)


class Crowd:
    def __init__(self, workspace):
        self.workspace = workspace
        self.stop = threading.Event()
        self.done: Counter = Counter()
        self.errors: list[str] = []
        partners = [make_partner(workspace, f"Partner {n}") for n in range(4)]
        self.partners = [partner.pk for partner in partners]
        with workspace_transaction(workspace):
            self.role = Property.objects.get(level="contact", key="role").number
            self.contacts = [
                create_contact(partners[n % 4], {"email": f"c{n}@example.com"}, by=ADA).pk for n in range(24)
            ]
            made = [
                editing.create(
                    level=level, kind="dynamic", name=f"{level} {n}", tree=self.rule(level, n), by=ADA
                )
                for n, level in enumerate(["partner", "partner", "contact", "contact"])
            ]
            self.segments = [segment.pk for segment in made]

    def rule(self, level, seed):
        r = random.Random(seed)
        of = "partner" if level == "contact" else "self"
        where = [{"p": self.role, "of": "self", "op": "is_any_of", "v": sorted(r.sample(ROLES, 2))}]
        lately = [
            {"p": "_created", "of": "self", "op": "within_last", "v": {"n": r.randint(1, 9), "unit": "day"}}
        ]
        quotes = {"p": "records:quotes", "of": r.choice([of, "self"]), "op": "at_least", "v": r.randint(1, 4)}
        items = [
            {
                "p": "records:contacts",
                "of": of,
                "op": "at_least",
                "v": r.randint(2, 5),
                "where": group(where),
            },
            quotes | {"where": group(lately)},
            {"p": "did:signed_in", "of": of, "op": "at_least", "v": {"n": r.randint(1, 6)}},
        ]
        return new_tree(level, *r.sample(items, 2), op=r.choice(["all", "any", "none"]))

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

    def change(self, r):
        contact = Contact.objects.get(pk=r.choice(self.contacts))
        if r.random() < 0.4:
            move_contact(contact, Partner.objects.get(pk=r.choice(self.partners)), by=ADA)
        else:
            set_properties(contact, {"role": r.choice(ROLES)}, by=ADA)

    def quote(self, r):
        time.sleep(0.01)
        quote_by(Contact.objects.get(pk=r.choice(self.contacts)))

    def sign_in(self, r):
        activity.note(Contact.objects.get(pk=r.choice(self.contacts)), "signed_in")

    def publish(self, r):
        self.stop.wait(0.3)  # a publication holds everybody up
        segment = Segment.objects.get(pk=r.choice(self.segments))
        tree = self.rule(segment.level, r.randrange(1000))
        editing.save(segment, name=segment.name, description="", kind="dynamic", tree=tree, by=ADA)


def group(items):
    return {"op": "all", "items": items}


def differences(level):
    """Where what is stored is not what a fresh look at the tables says: facts, then live builds."""
    known = definitions.current()
    moment = Moment(time_of_database(), known.zone)
    rules, live = known.rules[level], set(known.segment_of)
    model = {"partner": Partner, "contact": Contact}[level]
    for subject in peek(level, list(model.objects.values_list("pk", flat=True))):
        stored = dict(subject.more.facts)
        facts.freshen(level, [subject], rules, known.fields[level], moment)
        asked = {fact.key for of, fact in rules.facts if of == "self"}
        depths = {fact.key: depth for fact, depth in known.depths.items()}
        kept, fresh = (
            {key: found[key][: depths[key]] if key in depths else found[key] for key in asked & found.keys()}
            for found in (stored, subject.more.facts)
        )  # a rule that has gone may have asked for more instants than are asked for now
        if fresh != kept:
            yield level, subject.id, "facts", kept, fresh
        ruled = rules.evaluate(*subject.documents(rules, moment.at), moment)
        inside = verdicts.decide(
            ruled, rules.builds, builds_of=known.builds_of, exceptions={}, held=(), at=moment.at
        )
        if inside & live != subject.builds & live:
            trees = {
                b.number: b.tree for b in Build.objects.filter(number__in=(subject.builds ^ inside) & live)
            }
            yield level, subject.id, "builds", subject.builds & live, inside & live, trees, kept, fresh


@pytest.mark.parametrize("queued", [False, True], ids=["inline", "queued"])
def test_what_is_kept_is_what_the_tables_say(acme, queued, monkeypatch, drain):
    if queued:
        monkeypatch.setattr(publishing, "INLINE", 0)
    crowd = Crowd(acme)
    drain()
    jobs = [crowd.change] * 3 + [crowd.quote, crowd.sign_in, crowd.sign_in, crowd.publish]
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

    assert crowd.errors == []
    assert min(crowd.done[job.__name__] for job in jobs) > 3
    with workspace_transaction(acme):
        found = [one for level in ("partner", "contact") for one in differences(level)]
        assert not found, "\n".join(map(str, found))
        assert not Build.objects.filter(state__in=["building", "failed"]).exists()
    print(dict(crowd.done))


def test_a_build_waits_for_those_who_did_not_know_of_it(acme, inside, kestrel, sam, members_of, monkeypatch):
    """Sam becomes an admin while nobody asks for that yet. The rule that does is there before this commits, and is
    filled after it: else Kestrel would be left out for ever.
    """
    monkeypatch.setattr(publishing, "INLINE", 0)
    with inside(acme):
        role = Property.objects.get(level="contact", key="role").number
    admin = {"op": "all", "items": [{"p": role, "of": "self", "op": "is_any_of", "v": ["admin"]}]}
    leaf = {"p": "records:contacts", "of": "self", "op": "any", "where": admin}
    changed, go_on = threading.Event(), threading.Event()
    errors = []

    def change():
        with workspace_transaction(acme):
            set_properties(Contact.objects.get(pk=sam.pk), {"role": "admin"}, by=ADA)
            changed.set()
            go_on.wait(10)

    def fill():
        jobs.run_everything()

    threads = [threading.Thread(target=_alone, args=(act, errors)) for act in (change, fill)]
    threads[0].start()
    assert changed.wait(10)
    with inside(acme):
        rule = new_tree("partner", leaf)
        segment = editing.create(level="partner", kind="dynamic", name="Has an admin", tree=rule, by=ADA)
    threads[1].start()
    _until_somebody_waits()
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert errors == []
    assert members_of(segment) == ["Kestrel"]


def _alone(act, errors):
    try:
        act()
    except Exception as error:
        errors.append(repr(error))
    finally:
        connection.close()


def _until_somebody_waits():
    deadline = time.monotonic() + 10
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("Nobody waits.")
