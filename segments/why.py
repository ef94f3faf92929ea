"""Why somebody is in a segment or not: the rule with what it found, where that came from, and what overrules it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from segments.engine import definitions, dependents, history, verdicts
from segments.engine.backfill import moment_of_workspace
from segments.engine.facts import freshen
from segments.engine.states import Subject, peek
from segments.found_records import FoundRecords
from segments.models import Segment
from segments.origins import Origins
from segments.rules.explain import Explainer, Verdict
from segments.rules.fields import Fields
from segments.rules.moments import Moment
from segments.rules.nearest import nearest
from segments.rules.tree import Node as Rule
from workspaces.models import TeamMember

JOINED = {"all": "All of these", "any": "At least one of these", "none": "None of these"}


@dataclass
class Node:
    """A condition with the value found, where that came from and how old it is; or a group with its items."""

    verdict: Verdict
    source: str = ""
    since: datetime | None = None
    items: list["Node"] = field(default_factory=list)
    records: str = ""  # the related records that were found, where it asks for them

    @property
    def holds(self) -> bool:
        return self.verdict.holds

    @property
    def words(self) -> str:
        return self.verdict.words or JOINED[self.verdict.group]

    @property
    def found(self) -> str:
        return self.records or self.verdict.found

    @property
    def told(self) -> str:
        return self.records or self.verdict.told

    def leaves(self) -> list["Node"]:
        """The conditions of this rule itself."""
        if self.verdict.words or not self.items:
            return [self]
        return [leaf for item in self.items for leaf in item.leaves()]


def node_of(verdict: Verdict, record: Any, origins: Origins | None, found: FoundRecords) -> Node:
    """Without origins nothing is said of where values came from."""
    items = [node_of(item, record, origins, found) for item in verdict.items]
    node = Node(verdict, items=items, records=found.words(record, verdict))
    if verdict.place is not None and origins is not None:
        origin = origins.of(record, *verdict.place)
        node.source, node.since = origin.source, origin.since
    return node


def lines(node: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    yield depth, node
    for item in node.items:
        yield from lines(item, depth + 1)


@dataclass(frozen=True)
class Reading:
    """What a rule says about one record."""

    subject: Subject
    verdict: Verdict
    tree: Node
    nearest: str  # what would have to turn


class Reader:
    """Asks one rule about several records at once, by what they are at this moment, for a member of the team; for None
    as somebody at the machine itself.
    """

    def __init__(
        self, rule: Rule, records: Iterable[Any], *, fields: Fields, moment: Moment, member: TeamMember | None
    ):
        self._records = {record.pk: record for record in records}
        self._fields, self._moment = fields, moment
        self._explainer = Explainer(rule, fields, moment.zone)
        self._origins = Origins(self._records.values())
        self._found = FoundRecords(self._records.values(), fields, moment, reader=member)

    @cached_property
    def readings(self) -> dict[UUID, Reading]:
        """Of those about whom something is known."""
        rules, level = self._explainer.rules, self._fields.level
        subjects = peek(level, list(self._records), rules)
        # What a rule asks about that is not in effect is not kept for it.
        freshen(level, subjects, rules, self._fields, self._moment)
        return {subject.id: self._read(subject) for subject in subjects}

    def _read(self, subject: Subject) -> Reading:
        documents = subject.documents(self._explainer.rules, self._moment.at)
        verdict = self._explainer.explain(*documents, self._moment)
        turns = nearest(verdict, self._fields, self._moment.zone)
        tree = node_of(verdict, self._records[subject.id], self._origins, self._found)
        return Reading(subject, verdict, tree, turns.words if turns else "")


class Why:
    """One segment and one record of its level."""

    def __init__(self, segment: Segment, record: Any, *, member: TeamMember | None):
        self.segment, self.record = segment, record
        self._moment = moment_of_workspace()
        self._fields = definitions.fields_of(segment.level)
        rule = dependents.rule_of(segment) if segment.by_rule else None
        self._reading: Reading | None = None
        if rule is not None:
            reader = Reader(rule, [record], fields=self._fields, moment=self._moment, member=member)
            self._reading = reader.readings.get(record.pk)
        self._subject = self._reading.subject if self._reading else self._stored()

    def _stored(self) -> Subject | None:
        return next(iter(peek(self.segment.level, [self.record.pk])), None)

    @property
    def inside(self) -> bool:
        return self._subject is not None and self.segment.live_build in self._subject.builds

    @property
    def verdict(self) -> Verdict | None:
        """What the rule alone says; None where there is none."""
        return self._reading.verdict if self._reading else None

    @property
    def overruled(self) -> str:
        """What decides instead of the rule."""
        if self._subject is None:
            return "Nothing is known about them yet."
        return overruled(self.segment, self._subject, self.verdict, self._moment.at)

    @property
    def since(self) -> history.Since | None:
        if not self.inside:
            return None
        return history.since(self.segment, [self.record.pk], self._fields).get(self.record.pk)

    @property
    def nearest(self) -> str:
        """What would have to turn; nothing where the rule does not decide."""
        return self._reading.nearest if self._reading and not self.overruled else ""

    @property
    def tree(self) -> Node | None:
        return self._reading.tree if self._reading else None


def overruled(segment: Segment, subject: Subject, verdict: Verdict | None, at: datetime) -> str:
    """What decides about somebody instead of the rule; nothing where the rule does."""
    exception = subject.exceptions.get(str(segment.number))
    if exception and verdicts.holds(exception, at):
        until = f" until {exception['until'][:10]}" if exception.get("until") else ""
        return f"An exception has them {'in' if exception['in'] else 'out'}{until}, whatever the rule says."
    if segment.number in subject.held and verdict and not verdict.holds:
        return "They no longer fit, and are held until somebody decides."
    return "" if segment.by_rule else "Its members are picked by hand."
