"""The rows that say what a subject is in: read under their locks together with the documents, written back."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from itertools import batched
from uuid import UUID

from django.db import connection

from segments.engine import definitions, history, verdicts
from segments.engine.documents import Side
from segments.rules.compile_python import CompiledRules
from workspaces import statements
from workspaces.statements import array, numbers, texts
from workspaces.tenancy import current_workspace_id

# What a rule may read beside the values of properties is fetched only where one of the level asks for it.
FIND = {
    "contact": """
        SELECT s.contact_id, s.builds, s.held, s.exceptions, s.fanout, s.next_flip_at, r.norm,
               r.partner_id, p.norm, coalesce(ps.fanout, 0),
               {raw}, {set_at}, {facts}, {partner_raw}, {partner_set_at}, {partner_facts},
               {partner_builds}, {partner_held}, {partner_exceptions}
        FROM segments_contactstate s
        JOIN workspaces_contact r ON r.id = s.contact_id
        LEFT JOIN workspaces_partner p ON p.id = r.partner_id
        LEFT JOIN segments_partnerstate ps ON ps.partner_id = r.partner_id
        WHERE s.workspace_id = %s::uuid AND {which}
        ORDER BY s.contact_id""",
    "partner": """
        SELECT s.partner_id, s.builds, s.held, s.exceptions, s.fanout, s.next_flip_at, r.norm, r.id, NULL, s.fanout,
               {raw}, {set_at}, {facts}, NULL, NULL, NULL, NULL, NULL, NULL
        FROM segments_partnerstate s
        JOIN workspaces_partner r ON r.id = s.partner_id
        WHERE s.workspace_id = %s::uuid AND {which}
        ORDER BY s.partner_id""",
}
PARTS = {
    "raw": ("self", "r", "r.raw"),
    "set_at": ("self", "t", "r.set_at"),
    "facts": ("self", "f", "s.facts"),
    "partner_raw": ("partner", "r", "p.raw"),
    "partner_set_at": ("partner", "t", "p.set_at"),
    "partner_facts": ("partner", "f", "ps.facts"),
    "partner_builds": ("partner", "b", "ps.builds"),
    "partner_held": ("partner", "h", "ps.held"),
    "partner_exceptions": ("partner", "x", "ps.exceptions"),
}
AT_ONCE = 1000  # rows a statement
MAKE = """
    INSERT INTO segments_{level}state
        ({level}_id, workspace_id, chunk, builds, held, exceptions, facts, fanout{columns})
    SELECT r.id, r.workspace_id, r.chunk, '{{}}', '{{}}', '{{}}', '{{}}', 0{values}
    FROM workspaces_{level} r
    WHERE r.workspace_id = %s AND {which}
      AND NOT EXISTS (SELECT 1 FROM segments_{level}state s WHERE s.{level}_id = r.id AND s.chunk = r.chunk
                      AND s.workspace_id = r.workspace_id)
    ON CONFLICT DO NOTHING"""
WRITE = """
    UPDATE segments_{level}state s
    SET builds = coalesce(v.builds::int[], s.builds), held = coalesce(v.held::int[], s.held),
        exceptions = coalesce(v.exceptions::jsonb, s.exceptions), facts = coalesce(v.facts::jsonb, s.facts),
        fanout = v.fanout, next_flip_at = v.flip
    FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[])
         AS v (id, builds, held, exceptions, facts, fanout, flip)
    WHERE s.workspace_id = %s::uuid AND s.{level}_id = v.id"""


@dataclass(slots=True)
class Subject:
    """A partner or contact with what it is in and the documents that decide it."""

    id: UUID
    builds: frozenset[int]
    held: frozenset[int]
    exceptions: dict[str, dict]
    fanout: int
    next_flip_at: datetime | None
    own: dict
    partner_id: UUID
    partner: dict
    partner_fanout: int
    # The rest of both, as far as the rules of the level ask for it.
    more: Side = field(default_factory=Side)
    partner_more: Side = field(default_factory=Side)
    was: tuple = field(init=False)
    facts_were: dict = field(init=False)
    _asked: dict | None = None

    def __post_init__(self):
        self.remember()

    def remember(self) -> None:
        """This is how it stands in the database."""
        self.was = self._written()
        self.facts_were = dict(self.more.facts)

    @property
    def behind(self) -> bool:
        return self.fanout != self.partner_fanout

    @property
    def changed(self) -> bool:
        return self._written() != self.was or self.facts_changed

    @property
    def facts_changed(self) -> bool:
        return self.more.facts != self.facts_were

    def picked_anew(self) -> set[str]:
        """The keys of what other rules may ask for that differs from when this was last asked: exceptions, holds,
        and builds, among which those of rules are in no document.
        """
        before = self._asked if self._asked is not None else _picks(self.was[0], self.was[1], self.was[2])
        now = self._asked = _picks(self.builds, self.held, json.dumps(self.exceptions))
        return {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}

    def documents(self, rules: CompiledRules, at: datetime) -> tuple[Mapping, Mapping]:
        """What the rules read of the subject and of its partner, with exceptions as they hold at the instant."""
        if not rules.beside:
            return self.own, self.partner
        me, partner = self.more, self.partner_more
        me.id, me.norm, me.builds, me.held, me.exceptions = (
            self.id, self.own, self.builds, self.held, self.exceptions,
        )  # fmt: skip
        partner.id, partner.norm = self.partner_id, self.partner
        return (me.document(rules.keys_of("self"), at), partner.document(rules.keys_of("partner"), at))

    def due(self, at: datetime) -> bool:
        return self.next_flip_at is not None and self.next_flip_at <= at

    def end_exceptions(self, at: datetime) -> dict[int, dict]:
        """Takes away those whose end has come, and returns them by number of segment."""
        ended = {key: one for key, one in self.exceptions.items() if not verdicts.holds(one, at)}
        for key in ended:
            del self.exceptions[key]
        return {int(key): one for key, one in ended.items()}

    def _written(self) -> tuple:
        exceptions = json.dumps(self.exceptions, sort_keys=True) if self.exceptions else ""
        return (self.builds, self.held, exceptions, self.fanout, self.next_flip_at)


def _picks(builds: Collection[int], held: Collection[int], exceptions: str) -> dict[str, bool]:
    found = {f"b{number}": True for number in builds} | {f"h{number}": True for number in held}
    if exceptions and exceptions != "{}":
        found |= {f"x{number}": one["in"] for number, one in json.loads(exceptions).items()}
    return found


type Asked = Collection[tuple[str, str]]  # sides and keys of what is read beside the values of properties


def lock(level: str, ids: Collection[UUID], asked: Asked) -> list[Subject]:
    """The subjects under the locks of their state rows; makes rows for those that have none yet."""
    wanted = list(ids)
    found = _find(level, wanted, asked, " FOR UPDATE OF s")
    if len(found) < len(wanted):
        make(level, ids=wanted)
        found = _find(level, wanted, asked, " FOR UPDATE OF s")
    return found


def peek(level: str, ids: Collection[UUID], rules: CompiledRules | None = None) -> list[Subject]:
    """The same for reading, with what these rules ask for; without any with what those of the workspace do."""
    asked = rules.beside if rules else definitions.current().read_of(level)
    return _find(level, list(ids), asked, "")


def make(level: str, *, ids: list[UUID] | None = None, chunks: list[int] | None = None) -> None:
    """Rows for subjects that have none: those named, or all of some chunks."""
    which, those = ("r.id = ANY (%s)", ids) if ids is not None else ("r.chunk = ANY (%s)", chunks)
    columns, values = (", behind", ", false") if level == "partner" else ("", "")
    with connection.cursor() as cursor:
        cursor.execute(
            MAKE.format(level=level, which=which, columns=columns, values=values),
            [current_workspace_id(), those],
        )


def write(level: str, subjects: Collection[Subject], log: Collection[history.Change] = ()) -> None:
    """Writes back those that changed, and of them what changed, and the log. Their rows are locked."""
    changed = [subject for subject in subjects if subject.changed]
    *before, last = batched(changed, AT_ONCE) if changed else [()]
    for some in before:
        statements.run(_writing(level, log=False), _columns(some))
    if last:
        params = [*_columns(last), *history.logged(log)] if log else _columns(last)
        statements.run(_writing(level, log=bool(log)), params)
    elif log:
        history.write(log)
    for subject in changed:
        subject.remember()


@cache
def _writing(level: str, *, log: bool) -> str:
    """The states, and in the same statement the log of how they changed."""
    update = WRITE.format(level=level)
    return f"WITH stated AS ({update}), {history.LOG}" if log else update


def _columns(some: Collection[Subject]) -> list:
    return [
        array(s.id for s in some),
        texts(numbers(s.builds) if s.builds != s.was[0] else None for s in some),
        texts(numbers(s.held) if s.held != s.was[1] else None for s in some),
        texts(json.dumps(s.exceptions) if s.exceptions or s.was[2] else None for s in some),
        texts(json.dumps(s.more.facts) if s.facts_changed else None for s in some),
        array(s.fanout for s in some),
        array(s.next_flip_at for s in some),
        current_workspace_id(),
    ]


def in_chunks(level: str, chunks: Collection[int], rules: CompiledRules) -> Iterator[Subject]:
    """Everybody in the chunks, for reading, with what these rules ask for."""
    with connection.cursor() as cursor:
        cursor.execute(
            _query(level, "s.chunk = ANY (%s)", rules.beside), [current_workspace_id(), list(chunks)]
        )
        read = _Reader()
        for row in cursor:
            yield _subject(row, read)


def _find(level: str, ids: list[UUID], asked: Asked, suffix: str) -> list[Subject]:
    query = _query(level, f"s.{level}_id = ANY (%s::uuid[])", frozenset(asked), suffix)
    read = _Reader()
    return [_subject(row, read) for row in statements.run(query, [current_workspace_id(), array(ids)])]


@lru_cache(maxsize=64)
def _query(level: str, which: str, asked: frozenset[tuple[str, str]], suffix: str = "") -> str:
    kinds = {(of, key[0]) for of, key in asked}
    parts = {
        name: expression if (of, kind) in kinds else "NULL" for name, (of, kind, expression) in PARTS.items()
    }
    return FIND[level].format(which=which, **parts) + suffix


class _Reader(dict):
    """Documents of partners as they are read: many contacts have the same one."""

    def __missing__(self, stored: str) -> dict:
        self[stored] = found = json.loads(stored)
        return found


def _subject(row: tuple, read: _Reader) -> Subject:
    id, builds, held, exceptions, fanout, flip, own, partner_id, partner, partner_fanout, *more = row
    raw, set_at, facts, partner_raw, partner_set_at, partner_facts, partner_builds, partner_held, barred = (
        more
    )
    return Subject(
        id=id,
        builds=frozenset(builds),
        held=frozenset(held),
        exceptions=_read(exceptions),
        fanout=fanout,
        next_flip_at=flip,
        own=json.loads(own),
        partner_id=partner_id,
        partner=read[partner] if partner else {},
        partner_fanout=partner_fanout,
        more=Side(raw=_read(raw), set_at=_read(set_at), facts=_read(facts)),
        partner_more=Side(
            raw=read[partner_raw] if partner_raw else {},
            set_at=read[partner_set_at] if partner_set_at else {},
            facts=_read(partner_facts),
            builds=frozenset(partner_builds or ()),
            held=frozenset(partner_held or ()),
            exceptions=_read(barred),
        ),
    )


def _read(stored: str | None) -> dict:
    return json.loads(stored) if stored and stored != "{}" else {}
