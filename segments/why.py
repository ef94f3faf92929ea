"""Why somebody is in a segment or not: the rule with what it found, where that came from, and what overrules it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.dateparse import parse_datetime

from segments.engine import definitions, dependents, history, verdicts
from segments.engine.backfill import moment_of_workspace
from segments.engine.states import peek
from segments.models import Segment
from segments.rules.explain import Explainer, Verdict
from segments.rules.nearest import nearest
from workspaces.models import Property, PropertyChange


@dataclass
class Node:
    """A condition with the value found, where that came from and how old it is; or a group with its items."""

    verdict: Verdict
    source: str = ""
    since: datetime | None = None
    items: list["Node"] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.verdict.holds

    @property
    def words(self) -> str:
        joined = {"all": "All of these", "any": "At least one of these", "none": "None of these"}
        return self.verdict.words or joined[self.verdict.group]

    @property
    def found(self) -> str:
        return self.verdict.found


class Why:
    """One segment and one record of its level."""

    def __init__(self, segment: Segment, record: Any):
        self.segment, self.record = segment, record
        self._moment = moment_of_workspace()
        self._fields = definitions.fields_of(segment.level)
        self._tree = dependents.rule_of(segment) if segment.by_rule else None
        self._subject = next(iter(peek(segment.level, [record.pk], self._rules)), None)

    @cached_property
    def _explainer(self) -> Explainer | None:
        return Explainer(self._tree, self._fields, self._moment.zone) if self._tree else None

    @property
    def _rules(self):
        return self._explainer.rules if self._explainer else None

    @property
    def inside(self) -> bool:
        return self._subject is not None and self.segment.live_build in self._subject.builds

    @cached_property
    def verdict(self) -> Verdict | None:
        """What the rule alone says; None where there is none."""
        if self._explainer is None or self._subject is None:
            return None
        documents = self._subject.documents(self._explainer.rules, self._moment.at)
        return self._explainer.explain(*documents, self._moment)

    @property
    def overruled(self) -> str:
        """What decides instead of the rule."""
        if self._subject is None:
            return "Nothing is known about them yet."
        exception = self._subject.exceptions.get(str(self.segment.number))
        if exception and verdicts.holds(exception, self._moment.at):
            until = f" until {exception['until'][:10]}" if exception.get("until") else ""
            return (
                f"An exception has them {'in' if exception['in'] else 'out'}{until}, whatever the rule says."
            )
        if self.segment.number in self._subject.held and self.verdict and not self.verdict.holds:
            return "They no longer fit, and are held until somebody decides."
        return "" if self.segment.by_rule else "Its members are picked by hand."

    @property
    def since(self) -> history.Since | None:
        if not self.inside:
            return None
        return history.since(self.segment, [self.record.pk], self._fields).get(self.record.pk)

    @property
    def nearest(self) -> str:
        """What would have to turn; nothing where the rule does not decide."""
        found = (
            nearest(self.verdict, self._fields, self._moment.zone)
            if self.verdict and not self.overruled
            else None
        )
        return found.words if found else ""

    @cached_property
    def tree(self) -> Node | None:
        return Sources(self.record).node(self.verdict) if self.verdict else None


class Sources:
    """Where the values of a record, and of a contact's partner, came from, and when they were last set."""

    def __init__(self, record: Any):
        partner = record.partner if record.level == "contact" else record
        self._records = {"self": record, "partner": partner}
        self._properties = {prop.number: prop for prop in Property.objects.all()}

    def node(self, verdict: Verdict) -> Node:
        node = Node(verdict, items=[self.node(item) for item in verdict.items])
        if verdict.place is not None:
            node.source, node.since = self.of(*verdict.place)
        return node

    def of(self, side: str, number: int | str) -> tuple[str, datetime | None]:
        prop, record = self._properties.get(number), self._records[side]  # type: ignore[arg-type]
        if prop is None:
            return "", None
        at = parse_datetime(record.set_at.get(str(number), ""))
        last = PropertyChange.objects.filter(record_id=record.pk, prop=prop).order_by("-at").first()
        by = (
            f", by {last.actor_label}"
            if last and last.actor_label and last.actor_kind in ("team", "contact")
            else ""
        )
        return f"{prop.get_source_display()}{by}", at


def lines(node: Node, depth: int = 0) -> Iterator[tuple[int, Node]]:
    yield depth, node
    for item in node.items:
        yield from lines(item, depth + 1)
