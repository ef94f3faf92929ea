"""The related records that a condition found, by their names: 3 of 4: Q-1042, Q-1043 and Q-1050."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from segments.engine import record_facts
from segments.rules.fields import RECORDS, Fields
from segments.rules.moments import Moment
from segments.rules.operators import named
from segments.rules.tree import Node

NAMED = 3


class Found(NamedTuple):
    total: int = 0
    fitting: int = 0
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        if not self.total:
            return "there is none"
        more = f" and {self.fitting - len(self.names):,} more" if self.fitting > len(self.names) else ""
        listed = f": {', '.join(self.names)}{more}" if self.names else ""
        return f"{self.fitting:,} of {self.total:,}{listed}"


class FoundRecords:
    """Of several partners or contacts: one question for each condition, however many they are."""

    def __init__(self, records: Iterable[Any], fields: Fields, moment: Moment):
        self._records = list(records)
        self._fields, self._moment = fields, moment
        self._known: dict[str, dict[UUID, Found]] = {}

    def words(self, record: Any, leaf: Node | None) -> str:
        """What a condition found at the record; nothing for one that does not ask for records."""
        field = self._fields.get(leaf["of"], leaf["p"]) if leaf else None
        if leaf is None or field is None or field.type != RECORDS:
            return ""
        key = repr((leaf["of"], leaf["p"], leaf.get("where")))
        if key not in self._known:
            self._known[key] = self._look(field.key, leaf)
        found = self._known[key].get(self._owner(record, leaf), Found())
        measured = named(field.type, leaf["op"]).test == "measure"
        return "" if measured and not found.total else found.words

    def _owner(self, record: Any, leaf: Node) -> UUID:
        return record.partner_id if leaf["of"] == "partner" and record.level == "contact" else record.pk

    def _look(self, source: str, leaf: Node) -> dict[UUID, Found]:
        fields = self._fields.of_partner() if leaf["of"] == "partner" else self._fields
        owners = list({self._owner(record, leaf) for record in self._records})
        query = record_facts.listed(source, leaf.get("where"), owners, fields, self._moment, most=NAMED)
        with connection.cursor() as cursor:
            cursor.execute(query.clause, query.params)
            rows = cursor.fetchall()
        return {owner: Found(total, fitting, tuple(names or ())) for owner, total, fitting, names in rows}
