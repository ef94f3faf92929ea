"""Webhooks by the thousand, doubled and out of order, while people edit here and processes are killed.

What has to hold afterwards: every acknowledged event was worked off, no change of a value was lost or made twice,
both sides are equal, and the CRM was written to no oftener than people edited and processes died.
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import urllib3
from django.conf import settings

from crm_sync.benchmarks import ACCOUNT, APP, SECRET, TOKEN, free_port, let_mass_changes_through, wait_for
from crm_sync.connecting import accounts
from crm_sync.connectors.base import CrmField
from crm_sync.mapping.fields import map_field
from crm_sync.models import ExternalRecord, InboxEvent, OutboxChange
from crm_sync.models.queues import REFRESH
from workspaces.actors import Actor
from workspaces.keys import uuid7
from workspaces.measuring import Figure, benchmark
from workspaces.models import Partner, PropertyChange, Workspace
from workspaces.properties import Edit, properties_of, set_many, set_properties
from workspaces.setup import set_up_workspace
from workspaces.tenancy import workspace_transaction

EDITOR = Actor("team", "storm", "Storm")
FIRST = 700_000_001
EDITORS = 4  # connections that edit in the CRM
WAITING = 2000  # webhooks that may be under way before the CRM's people pause
REST_SECONDS = 600
MORTAL = ("web", "worker", "relay")


@benchmark("crm-storm", events=20_000, kills=20, companies=500, seed=1, lease=30)
def crm_storm(*, events, kills, companies, seed, lease):
    """Signed webhooks with duplicates and reorderings, partners' edits, and processes killed on the way."""
    with Storm(companies, random.Random(seed), lease) as storm:  # noqa: S311
        started = time.perf_counter()
        storm.rage(events, kills)
        raged = time.perf_counter() - started
        storm.settle()
        settled = time.perf_counter() - started
        return [
            Figure("edits in the CRM", storm.made, "", note=f"{raged:.0f} s, {kills} processes killed"),
            Figure("edits in the portal", storm.edits, ""),
            Figure("events worked off a second", storm.made / settled, "1/s"),
            Figure("announced and never stored", storm.missing_events(), "", bar=0),
            Figure("stored and not worked off", storm.open_rows(), "", bar=0),
            Figure("breaks in a value’s history", storm.breaks(), "", bar=0),
            Figure("partners unlike their company", storm.unequal(), "", bar=0),
            Figure("writes to the CRM", storm.state()["writes"], "", bar=storm.edits + kills),
        ]


class Storm:
    """A workspace, a stand-in that calls it, and the processes in between, which die and come back."""

    def __init__(self, companies, chance, lease):
        self.companies, self.chance = companies, chance
        self.web, self.crm = free_port(), free_port()
        self.url = f"http://localhost:{self.web}"
        self.environment = {
            **os.environ,
            "PORTAL_PORT": str(self.web),
            "PORTAL_PUBLIC_URL": self.url,
            "PORTAL_HUBSPOT_API_URL": f"http://127.0.0.1:{self.crm}",
            "PORTAL_LOG_LEVEL": "CRITICAL",
            "PORTAL_LEASE_SECONDS": str(lease),
        }
        self.environment.pop("DATABASE_OWNER_URL", None)
        self.processes = {}
        self.http = urllib3.PoolManager(maxsize=EDITORS, retries=False, timeout=30)
        self.made = self.edits = 0

    def __enter__(self):
        hook = ["--portal-url", f"{self.url}/hooks/hubspot/"]
        self._start("crm", "crm_sync.standins.hubspot", "--quiet", "--port", str(self.crm), *hook)
        wait_for(self.crm, "/standin/state")
        self._plant()
        for name in MORTAL:
            self._start(name, "introw.processes", name)
        wait_for(self.web, "/healthz")
        self.ask("knobs", {"webhooks": {"duplicate": True, "shuffle": True, "retry_seconds": 0.2}})
        return self

    def __exit__(self, *error):
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(40)

    def rage(self, events, kills):
        numbers = itertools.count(1)
        stop = threading.Event()
        colleagues = [
            threading.Thread(target=self._edit_there, args=(numbers, events, random.Random(n)))  # noqa: S311
            for n in range(EDITORS)
        ]
        reaper = threading.Thread(target=self._kill, args=(events, kills))
        partner = threading.Thread(target=self._edit_here, args=(stop,))
        for thread in (*colleagues, reaper, partner):
            thread.start()
        for thread in (*colleagues, reaper):
            thread.join()
        stop.set()
        partner.join()

    def settle(self):
        until = time.monotonic() + REST_SECONDS
        while time.monotonic() < until:
            if not self.state()["waiting"] and not self.open_rows():
                return
            time.sleep(0.5)

    def missing_events(self):
        """Each edit over there, and each field that we wrote, was announced once: that many rows there must be."""
        with self._inside():
            stored = InboxEvent.objects.exclude(kind=REFRESH).count()
        return max(0, self.made - stored)

    def open_rows(self):
        with self._inside():
            events = InboxEvent.objects.filter(state__in=["pending", "dead"]).count()
            return events + OutboxChange.objects.exclude(state__in=["done", "superseded"]).count()

    def breaks(self):
        """Each change begins where the one before ended: none was lost, none made twice."""
        with self._inside():
            rows = PropertyChange.objects.order_by("record_id", "prop_id", "at", "pk")
            found = rows.values_list("record_id", "prop_id", "old", "new")
            return sum(
                one[:2] == other[:2] and other[2] != one[3] for one, other in itertools.pairwise(found)
            )

    def unequal(self):
        theirs = self._companies()
        with self._inside():
            country = properties_of("partner")["country"]
            rows = ExternalRecord.objects.exclude(partner=None).select_related("partner")
            ours = {row.external_id: row.record.value(country) or "" for row in rows}
            return sum(value != theirs[external_id] for external_id, value in ours.items())

    def state(self):
        return self.ask("state")

    def ask(self, path, body=None):
        method = "GET" if body is None else "POST"
        answer = self.http.request(method, f"http://127.0.0.1:{self.crm}/standin/{path}", json=body)
        assert answer.status == 200, answer.data
        return answer.json()

    def _companies(self):
        found: dict[str, str] = {}
        ids = [str(FIRST + n) for n in range(self.companies)]
        for start in range(0, len(ids), 100):
            answer = self.http.request(
                "POST",
                f"http://127.0.0.1:{self.crm}/crm/v3/objects/companies/batch/read",
                json={"inputs": [{"id": i} for i in ids[start : start + 100]], "properties": ["country"]},
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
            found |= {item["id"]: item["properties"]["country"] or "" for item in answer.json()["results"]}
        return found

    def _edit_there(self, numbers, events, chance):
        while (number := next(numbers)) <= events:
            company = str(FIRST + chance.randrange(self.companies))
            values = {"country": f"There {number}"}
            self.ask("acts", {"do": "edit", "kind": "companies", "id": company, "values": values})
            self.made += 1
            if number % 200 == 0:
                while self.state()["waiting"] > WAITING:
                    time.sleep(0.1)

    def _edit_here(self, stop):
        while not stop.wait(0.05):
            with self._inside():
                partner = self.partners[self.chance.randrange(len(self.partners))]
                partner.refresh_from_db()
                if set_properties(partner, {"country": f"Here {self.edits}"}, by=EDITOR):
                    self.edits += 1

    def _kill(self, events, kills):
        for n in range(kills):
            until = time.monotonic() + REST_SECONDS
            while self.made < events * (n + 1) / (kills + 1) and time.monotonic() < until:
                time.sleep(0.02)
            self.kill_and_start(self.chance.choice(MORTAL))

    def kill_and_start(self, name):
        with suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait(10)
        self._start(name, "introw.processes", name)

    def _start(self, name, *command):
        self.processes[name] = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *command],
            env=self.environment,
            cwd=settings.BASE_DIR,
            start_new_session=True,  # so that a kill takes its children too
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @contextmanager
    def _inside(self):
        with workspace_transaction(self.workspace):
            yield

    def _plant(self):
        ids = range(FIRST, FIRST + self.companies)
        companies = [{"id": str(i), "properties": {"name": f"Firm {i}"}} for i in ids]
        self.ask("seed", {"objects": {"companies": companies}})
        self.workspace = Workspace.objects.create(slug=f"storm-{uuid7().hex[-12:]}", name="Storm")
        self.workspace.refresh_from_db()
        with self._inside():
            set_up_workspace(self.workspace)
            made = accounts.connect_hubspot(account=ACCOUNT, app=APP, token=TOKEN, secret=SECRET, by=EDITOR)
            let_mass_changes_through(made)
            edits = [Edit(Partner(), {"name": f"Firm {i}"}, created=True) for i in ids]
            set_many(edits, by=EDITOR)
            self.partners = [edit.record for edit in edits]
            ExternalRecord.objects.bulk_create(
                ExternalRecord(
                    connection=made, object_type="company", external_id=str(i), partner=edit.record
                )
                for i, edit in zip(ids, edits, strict=True)
            )
            field = CrmField(name="country", label="Country", type="string", widget="text")
            prop = properties_of("partner")["country"]
            map_field(made, object_type="company", field=field, prop=prop, direction="both")
