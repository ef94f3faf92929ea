"""Who would join and who would leave if the rule of a segment were another one: in it, and in those that ask for it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from segments.checks import seeing
from segments.engine import dependents
from segments.engine.backfill import condition, decided, moment_of_workspace
from segments.engine.sources import source
from segments.models import Segment
from segments.rules.fields import Fields
from segments.rules.lower import lower
from segments.rules.moments import Moment
from segments.rules.tree import Node
from workspaces.models import Contact, Partner
from workspaces.tenancy import current_workspace_id

MODELS: dict[str, Any] = {"partner": Partner, "contact": Contact}
SHOWN = 10


@dataclass(frozen=True)
class Move:
    """Ids of partners or contacts, as the segment's level has it."""

    segment: Segment
    joined: frozenset[UUID] = frozenset()
    left: frozenset[UUID] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)


@dataclass(frozen=True)
class Some:
    """How many, and the first names among them."""

    count: int = 0
    names: tuple[str, ...] = ()

    @property
    def others(self) -> int:
        return self.count - len(self.names)


NOBODY = Some()


def by_rule(segment: Segment, tree: Node) -> list[Move]:
    """That of the segment itself first. `tree` is valid."""
    moment = moment_of_workspace()
    found = [_move(segment, tree, seeing(segment.level, segment, tree), moment)]
    for one in dependents.following(segment):
        rule = dependents.rule_of(one)
        if rule is not None and one.live_build is not None:
            found.append(_move(one, rule, seeing(one.level, segment, tree), moment))
    return found


def by_list(segment: Segment, members: Collection[UUID]) -> list[Move]:
    """Those who ask for a list ask what is stored about it, so they are not among these."""
    wanted, present = frozenset(members), frozenset(members_of(segment))
    return [Move(segment, wanted - present, present - wanted)]


def members_of(segment: Segment) -> list[UUID]:
    if segment.live_build is None:
        return []
    found = MODELS[segment.level].objects.filter(segment_state__builds__contains=[segment.live_build])
    return list(found.values_list("pk", flat=True))


def _move(segment: Segment, tree: Node, fields: Fields, moment: Moment) -> Move:
    clause, params = condition(tree, fields, moment)
    clause, params = decided(clause, params, segment.number, moment)
    query = sql.SQL(
        "SELECT id, new FROM (SELECT own.id, ({}) IS TRUE AS new,"
        " coalesce(%s = ANY (s.builds), false) AS old FROM {} WHERE own.workspace_id = %s) m WHERE new <> old"
    ).format(clause, source(segment.level, lower(tree, fields), state=True))
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, segment.live_build, current_workspace_id()])
        rows = cursor.fetchall()
    joined = frozenset(pk for pk, new in rows if new)
    return Move(segment, joined, frozenset(pk for pk, new in rows if not new))


def some(level: str, ids: Collection[UUID]) -> Some:
    if not ids:
        return NOBODY
    named = MODELS[level].objects.filter(pk__in=ids).order_by("name", "pk")
    return Some(len(ids), tuple(map(str, named[:SHOWN])))
