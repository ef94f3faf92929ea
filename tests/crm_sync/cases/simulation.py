"""A CRM without a network, for thousands of interleavings: it lags, forgets answers, rewrites what it is given."""

import json
from collections import Counter, defaultdict
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from crm_sync.connectors.base import COMPANY, Association, CrmField, CrmRecord, WriteResult
from crm_sync.connectors.failures import CrmError, Failure, FailureKind
from crm_sync.inbound import inbox
from crm_sync.models import ExternalRecord, InboxEvent, OutboxChange
from crm_sync.outbound import outbox
from workspaces import jobs
from workspaces.keys import uuid7

SKEW = timedelta(minutes=7)
AN_HOUR = timedelta(hours=1)


class Killed(BaseException):
    """The process is gone: nothing below may catch it."""


def type_of(i):
    """Deals have ids of their own."""
    return "deal" if i.startswith("d") else "company"


class PocketCrm:
    """What a connector offers, on a dictionary."""

    def __init__(self, fields):
        self.names = list(fields)
        self.records, self.stamps, self.before = {}, {}, {}
        self.companies = {}  # of deals
        self.events, self.writes, self.clock = defaultdict(list), Counter(), timezone.now() + SKEW
        self.lag = 0
        self.locks = self.rewrites = False
        self.on_write = None  # what happens between our look and our write
        self.after_write = None  # what becomes of the answer

    def add(self, i, company=None):
        self.records[i] = {}
        self.companies[i] = company
        self._tick(i)
        self.before[i] = self._shown(i)

    def begin(self, *, locks, rewrites):
        self.locks, self.rewrites, self.lag, self.on_write, self.after_write = locks, rewrites, 0, None, None
        self.writes.clear()

    def fields(self, object_type):
        return [CrmField(name, name, "string") for name in self.names]

    def read(self, object_type, ids, properties):
        if self.lag:
            self.lag -= 1
            return {i: self.before[i] for i in ids}
        return {i: self._shown(i) for i in ids}

    def associations(self, from_type, ids, to_type, *, by=""):
        ends = {i: self.companies[i] if to_type == COMPANY else None for i in ids}
        return {i: [Association(end, primary=True)] if end else [] for i, end in ends.items()}

    def move(self, i, company):
        """To another company, or to none."""
        if self.companies[i] != company:
            self.companies[i] = company
            self.events[i].append(("", self.stamps[i], ""))

    def write(self, object_type, writes):
        if self.on_write:
            interrupt, self.on_write = self.on_write, None
            interrupt()
        results = [self._written(write) for write in writes]
        if self.after_write:
            trouble, self.after_write = self.after_write, None
            raise trouble
        return results

    def edit(self, i, field, value):
        """Somebody changes it in the CRM; it announces only what differs."""
        self.before[i] = self._shown(i)
        if self.records[i].get(field, "") == value:
            return False
        self.records[i][field] = value
        self._tick(i)
        self.events[i].append((field, self.stamps[i], value))
        return True

    def _written(self, write):
        i = write.external_id
        if self.locks and write.unless_changed_since and self.stamps[i] > write.unless_changed_since:
            return WriteResult(i, failure=Failure(FailureKind.CONFLICT, "changed"))
        self.writes[i] += 1
        for field, value in write.values.items():
            self.edit(i, field, value)
        answer = WriteResult(i, self._shown(i))
        if self.rewrites:
            for field, value in write.values.items():
                self.edit(i, field, value.upper())
        return answer

    def _shown(self, i):
        return CrmRecord(i, dict.fromkeys(self.names, "") | self.records[i], self.stamps[i])

    def _tick(self, i):
        self.clock = max(self.clock + timedelta(milliseconds=1), timezone.now() + SKEW)
        self.stamps[i] = self.clock


LOST = CrmError(Failure(FailureKind.RETRYABLE, "no answer"))


class World:
    """Partners and deals here, the same there, and everything that can happen to them."""

    def __init__(self, sync, crm, records, monkeypatch):
        self.sync, self.crm, self.records, self.monkeypatch = sync, crm, records, monkeypatch
        self.heard = Counter()

    def begin(self, *, locks, rewrites):
        """A tale of its own, an hour after the last: what was written then is not written "again and again"."""
        self.crm.begin(locks=locks, rewrites=rewrites)
        with self.sync.inside():
            written = OutboxChange.objects.filter(created_at__gte=timezone.now() - AN_HOUR)
            written.update(created_at=F("created_at") - AN_HOUR)

    def deliver(self, i, picked):
        """Webhooks, in whatever order and as often as they like to come."""
        told = self.crm.events[i]
        if told and picked:
            self.store(self._event(i, *told[n % len(told)]) for n in picked)

    def store(self, events):
        with self.sync.inside():
            InboxEvent.objects.bulk_create(events)

    def _event(self, i, field, at, value):
        what = "propertyChange" if field else "associationChange"
        return InboxEvent(
            connection_id=self.sync.connection.pk,
            fingerprint=uuid7().hex,
            kind=f"{type_of(i)}.{what}",
            object_type=type_of(i),
            external_id=i,
            property=field,
            occurred_at=at,
            raw=json.dumps({"propertyValue": value} if field else {}),
        )

    def deliver_the_rest(self):
        """What was announced and never delivered. Returns whether there was anything."""
        fresh = []
        for i in self.records:
            told = self.crm.events[i]
            fresh += [self._event(i, *event) for event in told[self.heard[i] :]]
            self.heard[i] = len(told)
        if fresh:
            self.store(fresh)
        return bool(fresh)

    def work(self, drain, *, dies_at=None, commits=True):
        """One run of a worker, which may die at any of its commits: just before it, or just after."""
        self.make_due()
        with self._mortal(dies_at, commits):
            token = jobs._job_workspace.set(self.sync.workspace.pk)
            try:
                drain()
            except Killed:
                pass
            finally:
                jobs._job_workspace.reset(token)

    @contextmanager
    def _mortal(self, dies_at, commits):
        left, whole = dies_at, jobs.job_transaction

        @contextmanager
        def transaction():
            nonlocal left
            with whole():
                yield
                if left == 0 and not commits:
                    raise Killed
            if left == 0:
                raise Killed
            left = None if left is None else left - 1

        with self.monkeypatch.context() as patch:
            for module in (inbox, outbox):
                patch.setattr(module, "job_transaction", transaction)
            yield

    def make_due(self):
        """As if every lease had run out and every wait had passed."""
        past = timezone.now() - timedelta(seconds=1)
        with self.sync.inside():
            ExternalRecord.objects.update(reading_until=None, writing_until=None)
            InboxEvent.objects.filter(state="pending").update(next_at=past)
            OutboxChange.objects.filter(state="pending").update(next_at=past)

    def settle(self):
        """Everything that was announced arrives, and the workers go on until there is nothing left to do."""
        self.crm.lag, self.crm.on_write, self.crm.after_write = 0, None, None
        for _ in range(30):
            fresh = self.deliver_the_rest()
            self.work(inbox.drain)
            self.work(outbox.drain)
            if not (fresh or self.busy()):
                return
        raise AssertionError("It never comes to rest.")

    def busy(self):
        with self.sync.inside():
            return (
                InboxEvent.objects.filter(state="pending").exists()
                or OutboxChange.objects.filter(state__in=["pending", "inflight"]).exists()
            )
