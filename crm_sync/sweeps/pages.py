"""One page of records that were read anyhow: merged, let in, or only looked at."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched

from django.utils import timezone

from crm_sync import traces, watchdog
from crm_sync.agreement.decisions import Decision
from crm_sync.breaker.counting import Gate
from crm_sync.connectors.base import Connector, CrmRecord
from crm_sync.inbound import attribution, importing, lifecycle, matching, merging, relations, together
from crm_sync.inbound.importing import Action, Intake, Proposal
from crm_sync.inbound.reading import known_fields
from crm_sync.inbound.together import Arrival
from crm_sync.kinds import KINDS
from crm_sync.models import Connection, ExternalRecord, FormerId, SyncJob
from crm_sync.models.mass_changes import Way
from crm_sync.models.records import LINKS
from crm_sync.sweeps.jobs import Tally
from workspaces.jobs import job_transaction

log = logging.getLogger(__name__)
State = ExternalRecord.State
BROUGHT_IN = {Action.CREATE, Action.LINK, Action.ASK}  # by name: a person is asked about the last
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
        self.tally = Tally()
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
        self.tally.seen = len(self.records)
        new = [record for record in self.records if record.external_id not in self.links]
        for some in batched(new, together.AT_ONCE):
            self._take_in(some)
        self._each_alone(self._to_look_at())
        return self.tally

    def _alone(self, record: CrmRecord) -> None:
        try:
            with job_transaction():
                self._one(record)
        except Exception as error:
            self.gate.forget()
            # One record must not hold up the others; the next comparison finds it again.
            log.error("A record of the CRM could not be taken in: %s", traces.of(error))
            self.tally.add("refused", f"{record.name}: see the portal's log")

    def _take_in(self, records: Sequence[CrmRecord]) -> None:
        """Of those that nobody is linked to: what is to be made is made in one go, the rest one by one."""
        try:
            with job_transaction():
                proposals = list(self._proposals(records))
        except Exception:  # because of one of them: which one shows below
            return self._each_alone(records)
        stays = [(record, said) for record, said in proposals if self.dry or said.action not in BROUGHT_IN]
        for record, said in stays:
            self._note(record, said)
        comes = proposals if not self.dry else []
        self._bring_in([Arrival(record, said) for record, said in comes if said.action == Action.CREATE])
        return self._each_alone(
            [record for record, said in comes if said.action in (Action.LINK, Action.ASK)]
        )

    def _each_alone(self, records: Sequence[CrmRecord]) -> None:
        for record in records:
            self._alone(record)

    def _proposals(self, records: Sequence[CrmRecord]) -> Iterator[tuple[CrmRecord, Proposal]]:
        object_type = self.job.object_type
        ids = [record.external_id for record in records]
        erased = lifecycle.erased_among(self.connection, object_type, ids)
        ties = {i: relations.ties_of(self.related, i) for i in ids}
        companies = [c for t in ties.values() if t for c in (*t.companies, *t.distributors)]
        partners = attribution.linked(self.connection, companies)
        for record in records:
            if (i := record.external_id) not in erased:
                matches = self.matches.get(i, [])
                yield record, importing.propose(self._new(i), record, self.intake, matches, ties[i], partners)

    def _bring_in(self, arrivals: Sequence[Arrival]) -> None:
        if len(arrivals) < 2:
            return self._each_alone([arrival.found for arrival in arrivals])
        try:
            with job_transaction():
                together.bring_in(self.connection, self.job.object_type, arrivals, self.intake, self.known)
        except Exception:  # what it was is said of the one alone
            half = len(arrivals) // 2
            self._bring_in(arrivals[:half])
            return self._bring_in(arrivals[half:])
        for arrival in arrivals:
            self._note(arrival.found, arrival.proposal)
        return None

    def _new(self, external_id: str) -> ExternalRecord:
        return ExternalRecord(
            connection=self.connection,
            object_type=self.job.object_type,
            external_id=external_id,
            state=State.NEW,
        )

    def _note(self, record: CrmRecord, proposal: Proposal) -> None:
        noted = f"{record.name}: {proposal.reason}" if proposal.reason else record.name
        self.tally.add(OF_ACTION[proposal.action], noted)

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

    def _to_look_at(self) -> list[CrmRecord]:
        """Those of which a merge may change something. The others are noted as seen, in one statement."""
        with job_transaction():
            if self.dry or self.gate.holds_something():
                return [record for record in self.records if record.external_id in self.links]
            found, same = [], {}
            for record in self.records:
                link = self.links.get(record.external_id)
                if link is None or self._is_known(link, record):
                    continue
                if self._is_same(link, record):
                    same[link.pk] = record.updated_at
                else:
                    found.append(record)
            merging.note_same(same)
            return found

    def _is_known(self, link: ExternalRecord, record: CrmRecord) -> bool:
        """As it was when it was last taken in whole. An import reads everything anew: the mapping may be new."""
        anew = self.job.kind in (SyncJob.Kind.BACKFILL, SyncJob.Kind.DRY_RUN)
        seen = link.state == State.LINKED and link.complete_at == record.updated_at
        return seen and not anew and relations.ties_of(self.related, record.external_id) is None

    def _is_same(self, link: ExternalRecord, record: CrmRecord) -> bool:
        """Whatever changed of it, nothing that is mapped did."""
        if link.state != State.LINKED or link.record is None or merging.is_stale(link, record):
            return False
        if relations.ties_of(self.related, record.external_id) is not None:
            return False
        link.connection = self.connection
        return merging.decide(link, link.record, record, self.intake.mappings, self.known).is_empty

    def _one(self, record: CrmRecord) -> None:
        link = self.links.get(record.external_id)
        if link is None:
            return self._unknown(record)
        link.connection = self.connection
        ties = relations.ties_of(self.related, record.external_id)
        return self._look(link, record) if self.dry else self._merge(link, record, ties)

    def _look(self, link: ExternalRecord, found: CrmRecord) -> None:
        if link.record is None:
            return
        outcome = merging.decide(link, link.record, found, self.intake.mappings, self.known)
        self._count(outcome, link.record)

    def _merge(self, link: ExternalRecord, found: CrmRecord, ties) -> None:
        link, record = merging.locked(link, partner_ids=relations.partner_ids(self.connection, ties))
        if record is None or merging.is_stale(link, found):
            return
        if link.state == State.ARCHIVED:
            lifecycle.restore(self.connection, link)
        if ties is not None:
            relations.follow(self.connection, link, ties, self.gate)
        was_read = link.complete_at is not None
        outcome = merging.merge_record(link, record, found, self.intake.mappings, self.known, gate=self.gate)
        if was_read and (outcome.held or outcome.those(Decision.TAKE, Decision.OVERRULE)):
            self.tally.missed += watchdog.is_missed(found.updated_at)
        self._count(outcome, record)

    def _count(self, outcome: merging.Outcome, record) -> None:
        if outcome.held:
            self.tally.add("conflicts", f"{record}: held")
        elif outcome.those(Decision.OVERRULE, Decision.KEEP):
            self.tally.add("conflicts", _told(record, outcome, Decision.OVERRULE, Decision.KEEP))
        elif outcome.those(Decision.TAKE, Decision.SEND):
            self.tally.add("changed", _told(record, outcome, Decision.TAKE, Decision.SEND))

    def _unknown(self, record: CrmRecord) -> None:
        """One alone: looked at once more, since it may have come in meanwhile."""
        for _, proposal in self._proposals([record]):
            if proposal.action in BROUGHT_IN:
                link = self._new(record.external_id)
                if ExternalRecord.objects.bulk_create([link], ignore_conflicts=True) and self._is_taken(link):
                    return  # a webhook was quicker
                proposal = importing.carry_out(proposal, link, record, self.intake, self.known)
            self._note(record, proposal)

    def _is_taken(self, link: ExternalRecord) -> bool:
        return not ExternalRecord.objects.filter(pk=link.pk).exists()


def _told(record, outcome: merging.Outcome, *decisions: Decision) -> str:
    labels = ", ".join(mapping.prop.label for mapping in outcome.those(*decisions))
    return f"{record}: {labels}"


def noun_of(object_type: str) -> str:
    return KINDS[object_type].noun
