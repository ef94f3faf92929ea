"""Who would join and who would leave if a segment were another one: in it, and in those that ask for it."""

from collections import ChainMap
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any, cast
from uuid import UUID

from django.db import connection
from psycopg import sql

from segments.checks import seeing
from segments.engine import definitions, dependents, verdicts
from segments.engine.backfill import condition, decided, moment_of_workspace
from segments.engine.facts import freshen
from segments.engine.sources import source
from segments.engine.states import Subject, peek
from segments.models import Segment
from segments.rules.compile_python import CompiledRules
from segments.rules.fields import SEGMENTS, Fields, Referenced
from segments.rules.lower import lower
from segments.rules.moments import Moment
from segments.rules.tree import Node
from workspaces.models import Contact, Partner
from workspaces.tenancy import current_workspace_id

MODELS: dict[str, Any] = {"partner": Partner, "contact": Contact}
SHOWN = 10
MOST = 20_000  # who are asked one by one
AT_ONCE = 2000
NEW = 0  # stands for a rule that has no build yet


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
    """The same of a picked list."""
    wanted, present = frozenset(members), frozenset(members_of(segment))
    own = Move(segment, wanted - present, present - wanted)
    return [own, *_after_list(own)]


def without(segment: Segment, *, instead: Segment | None = None) -> list[Move]:
    """If it were archived or deleted: nobody is in it, and whoever asks for it asks for `instead`, if anything."""
    moment = moment_of_workspace()
    rules = {one.pk: (one, dependents.rule_of(one)) for one in dependents.following(segment)}
    trees = {
        pk: swapped(rule, segment.pk, instead.pk) if instead else rule for pk, (_, rule) in rules.items()
    }
    found = [Move(segment, left=frozenset(members_of(segment)))]
    for pk, (one, _) in rules.items():
        tree = trees[pk]
        if tree is not None and one.live_build is not None:
            found.append(_move(one, tree, _seeing_none(one.level, segment, trees), moment))
    return found


def _seeing_none(level: str, segment: Segment, trees: Mapping[UUID, Node | None]) -> Fields:
    """The fields of a level if the segment decided nothing, and others had these rules."""
    fields = definitions.fields_of(level)
    there = {str(pk): replace(fields.segments[str(pk)], tree=tree) for pk, tree in trees.items()}
    gone = Referenced(str(segment.pk), segment.number, segment.name, segment.level)
    return fields.seeing(ChainMap({gone.id: gone, **there}, fields.segments))  # type: ignore[arg-type]


def swapped(node: Any, old: UUID, new: UUID) -> Any:
    """The same rule with another segment in its conditions, named once each."""
    if isinstance(node, list):
        return [swapped(item, old, new) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("p") == SEGMENTS and isinstance(node.get("v"), list):
        named = [str(new) if value == str(old) else value for value in node["v"]]
        return {**node, "v": list(dict.fromkeys(named))}
    return {key: swapped(value, old, new) for key, value in node.items()}


def _after_list(own: Move) -> list[Move]:
    """Whoever asks for a list asks what is stored about it, so those who move with it are asked one by one."""
    moment = moment_of_workspace()
    found = []
    for one in dependents.following(own.segment) if own else ():
        rule = dependents.rule_of(one)
        if rule is not None and one.live_build is not None:
            found.append(_move_with(own, one, rule, moment))
    return found


def _move_with(own: Move, one: Segment, rule: Node, moment: Moment) -> Move:
    fields = seeing(one.level, own.segment, None)
    build = fields.segments[str(own.segment.pk)].build
    rules = CompiledRules({NEW: rule}, fields, moment.zone)
    joined: set[UUID] = set()
    left: set[UUID] = set()
    for some in batched(_touched(own, one.level), AT_ONCE):
        subjects = peek(one.level, some, rules)
        for subject in subjects:
            _put_on_list(subject, own, one.level, cast(int, build))
        freshen(one.level, subjects, rules, fields, moment)
        for subject in subjects:
            was, now = one.live_build in subject.was[0], _inside(one, subject, rules, moment)
            if was != now:
                (joined if now else left).add(subject.id)
    return Move(one, frozenset(joined), frozenset(left))


def _touched(own: Move, level: str) -> list[UUID]:
    """Of a level those about whom it matters who is on the list."""
    moved = own.joined | own.left
    if level == own.segment.level:
        return sorted(moved)[:MOST]
    return list(Contact.objects.filter(partner__in=moved).order_by("pk").values_list("pk", flat=True)[:MOST])


def _put_on_list(subject: Subject, own: Move, level: str, build: int) -> None:
    """As the documents would have it. What is stored of the subject stays in `subject.was`."""
    if level == own.segment.level:
        subject.builds = _with(subject.builds, build, subject.id, own)
    else:
        side = subject.partner_more
        side.builds = _with(frozenset(side.builds), build, subject.partner_id, own)


def _with(builds: frozenset[int], build: int, pk: UUID, own: Move) -> frozenset[int]:
    return builds | {build} if pk in own.joined else builds - {build} if pk in own.left else builds


def _inside(one: Segment, subject: Subject, rules: CompiledRules, moment: Moment) -> bool:
    ruled = rules.evaluate(*subject.documents(rules, moment.at), moment)
    return bool(
        verdicts.decide(
            ruled,
            {NEW},
            builds_of={one.number: frozenset({NEW})},
            exceptions=subject.exceptions,
            held=subject.held,
            at=moment.at,
        )
    )


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
