"""One look at some partners or contacts: what each is in now by the rules, and what comes of it.

The locks of a change (workspaces.locks) are held by whoever calls. Everything that decides is read after its lock.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from segments.engine import breaker, facts, fanout, rollups, staging, states, verdicts
from segments.engine.causes import Cause
from segments.engine.definitions import RuleSet
from segments.engine.history import Change
from segments.engine.states import Subject
from segments.models import SegmentException
from segments.rules.compile_python import CompiledRules
from segments.rules.moments import Moment
from segments.rules.tree import Place
from workspaces.signals import RecordChange

HANDS = frozenset({"team", "contact"})  # whose edit of a property decides again about somebody who is held


@dataclass
class Evaluation:
    """One pass over subjects of a level, with one clock."""

    level: str
    definitions: RuleSet
    moment: Moment
    changes: list[Change] = field(default_factory=list)
    _leaving: list[tuple[Subject, int, Cause, Change]] = field(
        default_factory=list
    )  # by a sync: the breaker decides
    _ended: list[UUID] = field(default_factory=list)
    _looked: list[tuple[UUID, UUID]] = field(
        default_factory=list
    )  # by which build that is being made, and who
    # What changed of partners that rules about their contacts may ask for, and why it did.
    _carried: dict[UUID, tuple[Cause, set[Place]]] = field(default_factory=dict)
    _causes: dict[tuple[Cause, tuple], str] = field(default_factory=dict)
    # Which facts time has changed since they were worked out, by subject.
    _caught_up: rollups.Changed = field(default_factory=dict)

    @property
    def rules(self) -> CompiledRules:
        return self.definitions.rules[self.level]

    def of_level(self, level: str) -> "Evaluation":
        """The same look at others."""
        return Evaluation(level, self.definitions, self.moment)

    def lock(self, ids: Collection[UUID]) -> list[Subject]:
        subjects = states.lock(self.level, ids, self.definitions.read_of(self.level))
        self._caught_up |= rollups.catch_up(self.level, subjects, self.definitions, self.moment)
        return subjects

    def renew_facts(
        self, subjects: Collection[Subject], changes: dict[UUID, RecordChange]
    ) -> dict[UUID, set[Place]]:
        """Works out again what the changes may have changed of the facts; which did, by subject."""
        numbers = {number for change in changes.values() for number in change.values}
        asked = self.definitions.facts_about(self.level, numbers)
        if not asked:
            return {}
        found = facts.read(self.level, list(changes), asked, self.definitions.fields[self.level], self.moment)
        return {
            subject.id: {("self", key) for key in facts.renew(subject, asked, found.get(subject.id, {}))}
            for subject in subjects
        }

    def reconsider(self, subject: Subject, changed: Iterable[Place] | None, cause: Cause) -> None:
        """What the subject is in now. `changed` names the properties that changed; None asks everything."""
        rules = self.rules
        documents = subject.documents(rules, self.moment.at)
        places = None if changed is None else list(changed)
        if places is None or subject.behind or subject.due(self.moment.at):
            candidates, ruled = rules.builds, rules.evaluate(*documents, self.moment)
        else:
            candidates = rules.touched_by(places)
            ruled = rules.evaluate_changed(*documents, self.moment, places)
        subject.fanout = subject.partner_fanout
        self._decide(subject, candidates, ruled, cause, places)
        if self.level == "partner":
            self._carry(subject, cause, [*(places or ()), *self._caught_up.get(subject.id, ())])
        self.follow_picks(subject, cause)

    def reconsider_segment(self, subject: Subject, number: int, cause: Cause) -> None:
        """The same for one segment alone, by its number. What time has brought meanwhile comes first."""
        if subject.due(self.moment.at):
            self.reconsider(subject, None, Cause("time"))
        rules = self.definitions.rules[self.level]
        ruled = rules.evaluate(*subject.documents(rules, self.moment.at), self.moment)
        candidates = self.definitions.builds_of.get(number, frozenset())
        self._decide(subject, candidates, ruled & candidates, cause)
        self.follow_picks(subject, cause)

    def follow_picks(self, subject: Subject, cause: Cause) -> None:
        """A picked membership, an exception or a hold has changed: rules that ask for that segment follow."""
        changed = subject.picked_anew() if self.definitions.picks_asked[self.level] else ()
        if not changed:
            return
        rules = self.definitions.rules[self.level]
        places: list[Place] = [("self", key) for key in changed]
        self._carry(subject, cause, places)
        candidates = rules.touched_by(places)
        if candidates:
            documents = subject.documents(rules, self.moment.at)
            self._decide(subject, candidates, rules.evaluate_changed(*documents, self.moment, places), cause)

    def _carry(self, subject: Subject, cause: Cause, places: Iterable[Place]) -> None:
        """To the contacts of a partner, as far as rules about contacts ask for it."""
        if self.level != "partner":
            return
        rules = self.definitions.rules["contact"]
        asked = {("partner", key) for _, key in places if rules.touched_by([("partner", key)])}
        if asked:
            before, known = self._carried.get(subject.id, (cause, set()))
            both = cause if before is cause else before.followed_by(cause)
            self._carried[subject.id] = (both, known | asked)

    def _decide(
        self,
        subject: Subject,
        candidates: frozenset[int],
        ruled: set[int],
        cause: Cause,
        changed: list[Place] | None = None,
    ) -> None:
        """One verdict for each candidate; everything else stays."""
        at = self.moment.at
        ended = subject.end_exceptions(at)
        if ended:
            self._ended.append(subject.id)
        if subject.held:
            subject.held -= {n for n in subject.held if self._may_go(subject, n, candidates, ruled, cause)}
        inside = verdicts.decide(
            ruled,
            candidates,
            builds_of=self.definitions.builds_of,
            exceptions=subject.exceptions,
            held=subject.held,
            at=at,
        )
        coming = self.definitions.coming
        self._looked += [
            (coming[n].build, subject.id) for n in candidates & coming.keys() if coming[n].itself
        ]
        come, gone = inside - subject.builds, (subject.builds & candidates) - inside
        if come or gone:
            subject.builds = (subject.builds - gone) | come
        if self._time_matters(subject, changed):
            self._foretell(subject)
        self._note(subject, come, joined=True, cause=cause, ended=ended)
        self._note(subject, gone, joined=False, cause=cause, ended=ended)

    def _may_go(self, subject: Subject, number: int, candidates, ruled: set[int], cause: Cause) -> bool:
        """No longer held: an exception says so, the rule has them again, or somebody changed it by hand."""
        exception = subject.exceptions.get(str(number))
        if exception and verdicts.holds(exception, self.moment.at):
            return True
        asked = self.definitions.builds_of.get(number, frozenset()) & candidates
        if any(build in ruled for build in asked if build in self.definitions.segment_of):
            return True
        if cause.by.kind not in HANDS:
            return False
        rules = self.definitions.rules[self.level]
        touched = {place for place, _, _ in cause.changes}
        return bool(asked) and (
            cause.why == "moved" or any(touched.intersection(rules.asks(build)) for build in asked)
        )

    def _time_matters(self, subject: Subject, changed: list[Place] | None) -> bool:
        """Whether the instant that is foretold may be another after this change."""
        if changed is None or subject.due(self.moment.at) or subject.facts_changed:
            return True
        return bool(subject.exceptions) or self.rules.moved_by_time(changed)

    def _foretell(self, subject: Subject) -> None:
        """When time alone may change something next: a rule that looks at dates, or an exception that ends."""
        rules = self.definitions.rules[self.level]
        flip = rules.next_flip(*subject.documents(rules, self.moment.at), self.moment)
        known = self.definitions.related.timed[self.level]
        kept = facts.next_flip(subject.more.facts, known, self.moment) if known else None
        ends = [
            verdicts.first_end(some) for some in (subject.exceptions, subject.partner_more.exceptions) if some
        ]
        subject.next_flip_at = min((one for one in (flip, kept, *ends) if one is not None), default=None)

    def _note(
        self, subject: Subject, builds: Collection[int], *, joined: bool, cause: Cause, ended: dict[int, dict]
    ) -> None:
        for build in sorted(builds):
            segment_id = self.definitions.segment_of.get(build)
            if segment_id is None:
                continue  # a build that is not live yet; the switch will tell who came and went
            over = ended.get(self.definitions.number_of[build])
            why = _end_of(over) if over else cause
            text = self._cause(why, build)
            change = Change(segment_id, self.level, subject.id, joined, text, self.moment.at)
            if not joined and why.by.kind in breaker.SYNCS:
                self._leaving.append((subject, build, why, change))
            else:
                self.changes.append(change)

    def _cause(self, cause: Cause, number: int) -> str:
        asked = self.rules.asks(number)
        key = (cause, tuple(place in asked for place, _, _ in cause.changes))
        if key not in self._causes:
            self._causes[key] = json.dumps(cause.as_json(asked))
        return self._causes[key]

    def write(self, subjects: Iterable[Subject]) -> None:
        if self._leaving:
            self._hold_back()
        subjects = list(subjects)
        staging.note(subjects, self.definitions.coming, self._looked)
        states.write(self.level, subjects, self.changes)
        if self._ended:
            gone = {f"{self.level}_id__in": self._ended, "until__lte": self.moment.at}
            SegmentException.objects.filter(**gone).delete()
        if self._carried:
            fanout.fan_out(self._carried, self)

    def _hold_back(self) -> None:
        """Whom the breaker does not let go stays a member, visibly held."""
        wanted = Counter(change.segment_id for _, _, _, change in self._leaving)
        admitted = breaker.admit(wanted, by=self._leaving[0][2].by)
        for subject, build, _, change in self._leaving:
            if admitted.get(change.segment_id, 0) > 0:
                admitted[change.segment_id] -= 1
                self.changes.append(change)
            else:
                number = self.definitions.number_of[build]
                subject.held |= {number}
                subject.builds |= self.definitions.builds_of[number]
        held = {id(subject): (subject, cause) for subject, _, cause, _ in self._leaving}
        self._leaving = []
        for subject, cause in held.values():
            self.follow_picks(subject, cause)


def _end_of(exception: dict) -> Cause:
    return Cause("exception", reason=exception.get("reason", ""), ended=True)
