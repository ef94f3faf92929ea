"""The related records that a condition found, by their names: 3 of 4: Q-1042, Q-1043 and Q-1050.

Those that the reader may not open are counted and not named, and nothing that was worked out from them is told.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from segments.engine import record_facts
from segments.rules.explain import Verdict
from segments.rules.fields import RECORDS, Field, Fields
from segments.rules.moments import Moment
from segments.rules.operators import named
from segments.rules.tree import Node

NAMED = 3


class Found(NamedTuple):
    total: int = 0
    fitting: int = 0
    opening: int = 0  # of the fitting those that the reader may open
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        if not self.total:
            return "there is none"
        more = f" and {self.fitting - len(self.names):,} more" if self.fitting > len(self.names) else ""
        listed = f": {', '.join(self.names)}{more}" if self.names else ""
        return f"{self.fitting:,} of {self.total:,}{listed}"


class FoundRecords:
    """Of several partners or contacts: one question for each condition, however many they are.

    `reader` is the team member who is told; None is somebody at the machine itself, who finds everything.
    """

    def __init__(self, records: Iterable[Any], fields: Fields, moment: Moment, *, reader: Any):
        self._records = list(records)
        self._fields, self._moment, self._reader = fields, moment, reader
        self._known: dict[str, dict[UUID, Found]] = {}

    def words(self, record: Any, verdict: Verdict) -> str:
        """How many fit and which; for what is measured of them also the outcome. Nothing for a condition that does
        not ask for records.
        """
        leaf = verdict.leaf
        field = self._fields.get(leaf["of"], leaf["p"]) if leaf else None
        if leaf is None or field is None or field.type != RECORDS:
            return ""
        found = self._found(record, leaf, field)
        if named(field.type, leaf["op"]).test != "measure":
            return found.words
        if not found.total:
            return verdict.found
        if found.opening < found.fitting:
            return f"worked out from {found.words}"
        return f"{verdict.found}, from {found.words}"

    def _found(self, record: Any, leaf: Node, field: Field) -> Found:
        key = repr((leaf["of"], leaf["p"], leaf.get("where")))
        if key not in self._known:
            self._known[key] = self._look(field.key, leaf)
        return self._known[key].get(self._owner(record, leaf), Found())

    def _owner(self, record: Any, leaf: Node) -> UUID:
        return record.partner_id if leaf["of"] == "partner" and record.level == "contact" else record.pk

    def _look(self, source: str, leaf: Node) -> dict[UUID, Found]:
        fields = self._fields.of_partner() if leaf["of"] == "partner" else self._fields
        owners = list({self._owner(record, leaf) for record in self._records})
        query = record_facts.listed(
            source, leaf.get("where"), owners, fields, self._moment, reader=self._reader, most=NAMED
        )
        with connection.cursor() as cursor:
            cursor.execute(query.clause, query.params)
            rows = cursor.fetchall()
        return {
            owner: Found(total, fitting, opening, tuple(names or ()))
            for owner, total, fitting, opening, names in rows
        }
