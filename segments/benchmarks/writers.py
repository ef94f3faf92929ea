"""Many who write at once, and a recompute beside them: nothing may be lost, stale or in a circle afterwards."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from segments import editing
from segments.benchmarks.crowd import Crowd
from segments.engine import definitions, verdicts
from segments.engine.states import peek
from segments.models import Segment
from segments.rules.moments import Moment
from segments.rules.tree import new_tree
from workspaces import jobs
from workspaces.actors import SYSTEM
from workspaces.measuring import Figure
from workspaces.models import Contact, Partner
from workspaces.properties import move_contact, set_properties
from workspaces.tenancy import workspace_transaction

WRITERS = 200
SECONDS = 60.0
CONNECTIONS = 8  # at the database at once; the others wait for one, as behind a pool


class Race:
    def __init__(self, crowd: Crowd):
        self.crowd = crowd
        self.until = time.perf_counter() + SECONDS
        self.room = threading.BoundedSemaphore(CONNECTIONS)
        self.done: Counter = Counter()
        self.errors: list[str] = []
        with workspace_transaction(crowd.workspace):
            self.partners = list(Partner.objects.order_by("pk")[:200])
            self.contacts = crowd.contacts[:1000]

    def write(self, seed: int) -> None:
        r = random.Random(seed)  # noqa: S311
        while time.perf_counter() < self.until and not self.errors:
            with self.room:
                try:
                    self._one(r)
                except Exception as error:
                    self.errors.append(repr(error))
                finally:
                    connection.close()

    def _one(self, r: random.Random) -> None:
        with workspace_transaction(self.crowd.workspace):
            what = r.choices(["contact", "move", "partner"], [8, 1, 1])[0]
            if what == "partner":
                partner = Partner.objects.get(pk=r.choice(self.partners).pk)
                set_properties(partner, {"tier": r.choice(["gold", "silver", "registered"])}, by=SYSTEM)
            else:
                contact = Contact.objects.get(pk=r.choice(self.contacts).pk)
                if what == "move":
                    move_contact(contact, r.choice(self.partners), by=SYSTEM)
                else:
                    set_properties(
                        contact, {f"choice_{r.randrange(9)}": None, "flag_0": r.random() < 0.5}, by=SYSTEM
                    )
        self.done[what] += 1

    def recompute(self) -> None:
        prop = self.crowd.property("contact", "number_0")
        made: list[Segment] = []
        try:
            while time.perf_counter() < self.until:
                with workspace_transaction(self.crowd.workspace):
                    tree = new_tree("contact", {"p": prop.number, "of": "self", "op": "gte", "v": len(made)})
                    made.append(editing.create(level="contact", kind="dynamic", tree=tree, by=SYSTEM,
                                               name=f"Race {timezone.now().isoformat()}"))  # fmt: skip
                jobs.run(self.crowd.workspace.pk, "segments.publish")
                self.done["recompute"] += 1
        except Exception as error:
            self.errors.append(repr(error))
        finally:
            with workspace_transaction(self.crowd.workspace):
                for segment in Segment.objects.filter(pk__in=[one.pk for one in made]):
                    editing.delete(segment)
            connection.close()


def figures(crowd: Crowd) -> Iterator[Figure]:
    race = Race(crowd)
    threads = [threading.Thread(target=race.write, args=(seed,)) for seed in range(WRITERS)]
    threads.append(threading.Thread(target=race.recompute))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writes = race.done["contact"] + race.done["move"] + race.done["partner"]
    note = f"{writes:,} writes, {race.done['recompute']} recomputes"
    yield Figure(f"{WRITERS} writers and a recompute: errors", len(race.errors), "", 0, note=note)
    yield Figure(
        "memberships unlike a fresh evaluation", _stale(race), "", 0, note="; ".join(race.errors[:2])
    )


def _stale(race: Race) -> int:
    with workspace_transaction(race.crowd.workspace):
        found = definitions.current()
        live = set(found.segment_of)
        stale = 0
        for level, records in (("contact", race.contacts), ("partner", race.partners)):
            rules, moment = found.rules[level], Moment(timezone.now(), found.zone)
            for subject in peek(level, [record.pk for record in records]):
                if subject.due(moment.at):
                    continue  # its instant has come meanwhile, and the clock has not been
                fresh = verdicts.decide(
                    rules.evaluate(*subject.documents(rules, moment.at), moment),
                    rules.builds,
                    builds_of=found.builds_of,
                    exceptions=subject.exceptions,
                    held=subject.held,
                    at=moment.at,
                )
                stale += fresh & live != subject.builds & live
        return stale
