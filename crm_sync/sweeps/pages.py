"""One page of records that were read anyhow: merged, let in, or only looked at."""

import logging
from collections.abc import Mapping

from django.utils import timezone

from crm_sync import traces, watchdog
from crm_sync.agreement.decisions import Decision
from crm_sync.breaker.counting import Gate
from crm_sync.connectors.base import Connector, CrmRecord
from crm_sync.inbound import importing, lifecycle, matching, merging, relations
from crm_sync.inbound.importing import Action, Intake
from crm_sync.inbound.reading import known_fields
from crm_sync.kinds import KINDS
from crm_sync.models import Connection, ExternalRecord, FormerId, SyncJob
from crm_sync.models.mass_changes import Way
from crm_sync.models.records import LINKS
from crm_sync.sweeps.jobs import Tally
from workspaces.jobs import job_transaction

log = logging.getLogger(__name__)
State = ExternalRecord.State
OF_ACTION = {
    Action.CREATE: "created",
    Action.LINK: "changed",
    Action.ASK: "conflicts",
    Action.OUTSIDE: "outside",
    Action.REFUSE: "refused",
}


class Page:
    """The records of one page and what is known about them here."""

    def __init__(self, connector: Connector, job: SyncJob, connection: Connection, intake: Intake, records):
        self.job, self.connection, self.intake = job, connection, intake
        self.records: list[CrmRecord] = [record for record in records if not record.archived]
        self.dry = job.kind == SyncJob.Kind.DRY_RUN
        self.gate = Gate(connection, job.object_type, Way.IN)
        fields = intake.fields()
        self.known = known_fields(connector, job.object_type, fields, self.records) if fields else None
        with job_transaction():
            self.links = self._links()
            unknown = [record for record in self.records if record.external_id not in self.links]
            self.matches: Mapping[str, list[matching.Match]] = (
                matching.find(connection, job.object_type, intake.mappings, unknown, intake.key)
                if unknown
                else {}
            )
        wanted = intake.rule is not None and (intake.rule.enabled or intake.trial)
        asked = [record.external_id for record in unknown] if wanted else []
        if KINDS[job.object_type].is_attributed:  # nobody else tells when one goes to another partner
            asked += self.links
        self.related = relations.read(connector, job.object_type, asked, intake.rule)

    def work_off(self) -> Tally:
        tally = Tally(seen=len(self.records))
        for record in self.records:
            try:
                with job_transaction():
                    self._one(record, tally)
            except Exception as error:
                self.gate.forget()
                # One record must not hold up the others; the next comparison finds it again.
                log.error("A record of the CRM could not be taken in: %s", traces.of(error))
                tally.add("refused", f"{record.name}: see the portal's log")
        return tally

    def _links(self) -> dict[str, ExternalRecord]:
        ids = [record.external_id for record in self.records]
        rows = ExternalRecord.objects.filter(
            connection=self.connection, object_type=self.job.object_type, external_id__in=ids
        ).exclude(state=State.MERGED)
        if not self.dry:
            rows.update(seen_at=timezone.now())
        former = FormerId.objects.filter(
            connection=self.connection, object_type=self.job.object_type, external_id__in=ids
        )
        gone = set(former.values_list("external_id", flat=True))  # an index may be behind a merge
        self.records = [record for record in self.records if record.external_id not in gone]
        return {row.external_id: row for row in rows.select_related(*LINKS)}

    def _one(self, record: CrmRecord, tally: Tally) -> None:
        link = self.links.get(record.external_id)
        if link is None:
            return self._unknown(record, tally)
        link.connection = self.connection
        ties = relations.ties_of(self.related, record.external_id)
        known = link.state == State.LINKED and link.complete_at == record.updated_at
        if known and ties is None and not self._anew():
            return None
        return self._look(link, record, tally) if self.dry else self._merge(link, record, ties, tally)

    def _anew(self) -> bool:
        """An import reads everything whole: the mapping may be new."""
        return self.job.kind in (SyncJob.Kind.BACKFILL, SyncJob.Kind.DRY_RUN)

    def _look(self, link: ExternalRecord, found: CrmRecord, tally: Tally) -> None:
        if link.record is None:
            return
        outcome = merging.decide(link, link.record, found, self.intake.mappings, self.known)
        self._count(outcome, link.record, tally)

    def _merge(self, link: ExternalRecord, found: CrmRecord, ties, tally: Tally) -> None:
        link, record = merging.locked(link, partner_ids=relations.partner_ids(self.connection, ties))
        if record is None or merging.is_stale(link, found):
            return
        if link.state == State.ARCHIVED:
            lifecycle.restore(self.connection, link)
        if ties is not None:
            relations.follow(self.connection, link, ties)
        was_read = link.complete_at is not None
        outcome = merging.merge_record(link, record, found, self.intake.mappings, self.known, gate=self.gate)
        if was_read and (outcome.held or outcome.those(Decision.TAKE, Decision.OVERRULE)):
            tally.missed += watchdog.is_missed(found.updated_at)
        self._count(outcome, record, tally)

    def _count(self, outcome: merging.Outcome, record, tally: Tally) -> None:
        if outcome.held:
            tally.add("conflicts", f"{record}: held")
        elif outcome.those(Decision.OVERRULE, Decision.KEEP):
            tally.add("conflicts", _told(record, outcome, Decision.OVERRULE, Decision.KEEP))
        elif outcome.those(Decision.TAKE, Decision.SEND):
            tally.add("changed", _told(record, outcome, Decision.TAKE, Decision.SEND))

    def _unknown(self, record: CrmRecord, tally: Tally) -> None:
        if lifecycle.is_erased(self.connection, self.job.object_type, record.external_id):
            return
        link = ExternalRecord(
            connection=self.connection,
            object_type=self.job.object_type,
            external_id=record.external_id,
            state=State.NEW,
        )
        matches = self.matches.get(record.external_id, [])
        ties = relations.ties_of(self.related, record.external_id)
        proposal = importing.propose(link, record, self.intake, matches, ties)
        if not self.dry and proposal.action in (Action.CREATE, Action.LINK, Action.ASK):
            if ExternalRecord.objects.bulk_create([link], ignore_conflicts=True) and self._is_taken(link):
                return  # a webhook was quicker
            proposal = importing.carry_out(proposal, link, record, self.intake, self.known)
        name = record.name
        noted = f"{name}: {proposal.reason}" if proposal.reason else name
        tally.add(OF_ACTION[proposal.action], noted)

    def _is_taken(self, link: ExternalRecord) -> bool:
        return not ExternalRecord.objects.filter(pk=link.pk).exists()


def _told(record, outcome: merging.Outcome, *decisions: Decision) -> str:
    labels = ", ".join(mapping.prop.label for mapping in outcome.those(*decisions))
    return f"{record}: {labels}"


def noun_of(object_type: str) -> str:
    return KINDS[object_type].noun
