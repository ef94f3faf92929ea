"""Which of the facts that are kept follow which other records, and which follow activity."""

import json
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property

from segments.engine.record_facts import keys
from segments.engine.record_sources import CONTACTS
from segments.rules.expressions import Fact

type Facts = frozenset[Fact]


class Related:
    def __init__(self, facts: Mapping[str, Facts]):
        self._facts = facts

    @cached_property
    def timed(self) -> dict[str, Facts]:
        """By level: those that time alone can change, so that they have to be worked out again."""
        return {level: frozenset(f for f in facts if f.watches) for level, facts in self._facts.items()}

    def of_records(self, level: str, source: str) -> Facts:
        return frozenset(fact for fact, spec in self._specs(level, "records") if spec["records"] == source)

    def of_activity(self, level: str, kind: str, what: str) -> Facts:
        asked = self._specs(level, "activity")
        return frozenset(f for f, spec in asked if spec["kind"] == kind and spec["what"] in ("", what))

    def fed_by_contacts(self, numbers: Collection[int], *, moving: bool) -> Facts:
        """What is known of partners that a change of these properties of a contact may change; `moving`: the contact
        is new, or comes from another partner.
        """
        if not self._fed:
            return frozenset()
        changed = {str(number) for number in numbers}
        return frozenset(fact for fact, asked in self._fed.items() if moving or not changed.isdisjoint(asked))

    @cached_property
    def _fed(self) -> dict[Fact, frozenset[str]]:
        """What is known of partners through their contacts, with the numbers of the properties that it reads."""
        fed = {
            fact: frozenset(keys(spec)) for fact, spec in self._specs("partner", "records") if _people(spec)
        }
        return fed | {fact: frozenset() for fact, _ in self._specs("partner", "activity")}

    def _specs(self, level: str, kind: str) -> Iterator[tuple[Fact, dict]]:
        return ((fact, json.loads(fact.spec)) for fact in self._facts[level] if fact.kind == kind)


def _people(spec: dict) -> bool:
    return spec["records"] == CONTACTS.key
