"""An import of many companies while partners edit and webhooks come, killed in the middle and gone on with.

What has to hold: edits reach the CRM as fast as ever, nobody comes in twice, and the worker does not grow with the
import.
"""

import random
import time
from contextlib import suppress
from pathlib import Path

from django.utils import timezone

from crm_sync.connectors.base import CrmField
from crm_sync.mapping.fields import map_field
from crm_sync.models import Connection, ExternalRecord, ImportRule, OutboxChange, SyncJob
from crm_sync.storm_benchmark import EDITOR, FIRST, Storm
from crm_sync.sweeps import jobs
from workspaces.measuring import Figure, benchmark, percentile
from workspaces.models import Partner
from workspaces.properties import properties_of, set_properties

MOST_SECONDS = 3 * 3600
OLD = 50  # partners who are there before, and edit
SEED_AT_A_TIME = 5000


@benchmark("crm-backfill", companies=50_000, kills=1, seed=1, lease=30)
def crm_backfill(*, companies, kills, seed, lease):
    """An import beside edits and webhooks, its worker killed on the way."""
    with Backfill(OLD, random.Random(seed), lease) as backfill:  # noqa: S311
        backfill.seed_more(companies)
        started = time.perf_counter()
        backfill.begin()
        memory = backfill.watch(companies, kills)
        took = time.perf_counter() - started
        backfill.settle()
        ways_out, orphaned = backfill.ways_out()
        return [
            Figure("records let in", backfill.let_in(), "", note=f"{took:.0f} s, {kills} workers killed"),
            Figure("records a second", companies / took, "1/s"),
            Figure("edits while it ran", len(ways_out), ""),
            Figure("edit to CRM, p50", percentile(ways_out, 50), "s"),
            Figure("edit to CRM, p95", percentile(ways_out, 95), "s", bar=10),
            Figure("until a new worker carried one, longest", max(orphaned, default=0), "s"),
            Figure("companies that did not come in", companies - backfill.let_in(), "", bar=0),
            Figure("partners too many", backfill.partners_too_many(), "", bar=0),
            Figure("worker’s memory, last quarter", percentile(memory[-len(memory) // 4 :], 50), "MB"),
            Figure("grown since the first quarter", backfill.grown(memory), "MB", bar=40),
        ]


class Backfill(Storm):
    """The storm's processes, a rule that lets everything in, and people who go on with their work."""

    def seed_more(self, companies):
        self.wanted, self.killed = companies, []
        for start in range(0, companies, SEED_AT_A_TIME):
            ids = range(FIRST + OLD + start, FIRST + OLD + min(companies, start + SEED_AT_A_TIME))
            rows = [
                {"id": str(i), "properties": {"name": f"Firm {i}", "website": f"https://firm{i}.example"}}
                for i in ids
            ]
            self.ask("seed", {"objects": {"companies": rows}})

    def begin(self):
        with self._inside():
            self._edit(0)
        self.settle()  # until the worker works
        self.begun_at = timezone.now()
        with self._inside():
            made = self.connection()
            field = CrmField(name="website", label="Website", type="string", widget="text")
            prop = properties_of("partner")["website"]
            map_field(made, object_type="company", field=field, prop=prop, direction="both")
            name = CrmField(name="name", label="Name", type="string", widget="text")
            prop = properties_of("partner")["name"]
            map_field(made, object_type="company", field=name, prop=prop, direction="in")
            ImportRule.objects.create(connection=made, object_type="company", enabled=True)
            jobs.start(made, kind=SyncJob.Kind.BACKFILL, object_type="company", by="Bench")

    def connection(self):
        return Connection.objects.get()

    def watch(self, companies, kills):
        """Both sides edit until the import is through. Gives the worker's memory, second by second."""
        memory: list[float] = []
        until, number = time.monotonic() + MOST_SECONDS, 0
        while time.monotonic() < until:
            with self._inside():
                job = SyncJob.objects.filter(kind="backfill").latest("started_at")
                self._edit(number)
            if job.state != SyncJob.State.RUNNING:
                return memory
            company = str(FIRST + self.chance.randrange(OLD))
            values = {"country": f"There {number}"}
            self.ask("acts", {"do": "edit", "kind": "companies", "id": company, "values": values})
            number += 1
            memory.append(resident_megabytes(self.processes["worker"].pid))
            if kills and job.seen > companies / 2:
                self.killed.append(timezone.now())
                self.kill_and_start("worker")
                kills -= 1
            time.sleep(0.5)
        raise RuntimeError("The import took too long.")

    def _edit(self, number):
        partner = self.partners[number % OLD]
        partner.refresh_from_db()
        set_properties(partner, {"website": f"https://{number}.example"}, by=EDITOR)

    def let_in(self):
        with self._inside():
            return ExternalRecord.objects.linked().exclude(external_id__in=old_ids()).count()

    def partners_too_many(self):
        with self._inside():
            return Partner.objects.count() - ExternalRecord.objects.exclude(partner=None).count()

    def ways_out(self):
        """Seconds from an edit here to the CRM's yes: with a worker, and of those made while none was there."""
        with self._inside():
            done = OutboxChange.objects.filter(state="done", by_person=True, created_at__gte=self.begun_at)
            told = done.values_list("created_at", "finished_at")
            moments = [(created, finished) for created, finished in told if finished]
        with_worker: list[float] = []
        without: list[float] = []
        for created, finished in moments:
            alone = any(killed < created < self._carried_again(killed, moments) for killed in self.killed)
            (without if alone else with_worker).append((finished - created).total_seconds())
        return with_worker, without

    def _carried_again(self, killed, moments):
        return min((finished for _, finished in moments if finished > killed), default=killed)

    def grown(self, memory):
        quarter = max(1, len(memory) // 4)
        first, last = memory[quarter : 2 * quarter], memory[-quarter:]
        return percentile(last, 50) - percentile(first or last, 50)


def old_ids():
    return [str(FIRST + n) for n in range(OLD)]


def resident_megabytes(pid):
    """Of a process and its children; 0 where the system does not tell."""
    pages = 0
    for one in (pid, *children_of(pid)):
        with suppress(OSError):
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def children_of(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []
