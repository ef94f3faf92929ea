"""What a rule would do: how many match it, some of them with why, who would join and who would leave."""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from psycopg import sql

from segments.engine.backfill import SOURCES, moment_of_workspace
from segments.engine.states import Subject, peek
from segments.models import Segment
from segments.rules.compile_sql import predicate
from segments.rules.explain import Explainer, Verdict
from segments.rules.fields import Fields
from segments.rules.sentence import Part, sentence
from segments.rules.tree import Node, Path, walk
from workspaces.models import Contact, Partner
from workspaces.tenancy import current_workspace_id

SAMPLES = 10
NAMES = 3
COUNTED_EXACTLY = 20_000
NODES = 60  # rows that show how many match them; beyond, only the whole does
MODELS: dict[str, Any] = {"partner": Partner, "contact": Contact}


@dataclass(frozen=True)
class Sample:
    record: Any
    why: Verdict | None = None


@dataclass(frozen=True)
class Moves:
    """Some names of those who join or leave, and how many there are."""

    count: int = 0
    names: tuple[str, ...] = ()

    @property
    def others(self) -> int:
        return self.count - len(self.names)


@dataclass
class Preview:
    level: str
    total: int = 0
    count: int = 0
    about: bool = False
    words: list[Part] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    joins: Moves = field(default_factory=Moves)
    leaves: Moves = field(default_factory=Moves)
    by_node: dict[Path, int] = field(default_factory=dict)

    @property
    def noun(self) -> str:
        return f"{self.level}s"

    @property
    def share(self) -> float:
        return 100 * self.count / self.total if self.total else 0.0

    @property
    def outputs(self) -> list[tuple[str, int]]:
        """How many match each row, by the row's id."""
        return [("n" + "-".join(map(str, path)), count) for path, count in self.by_node.items() if path]


def empty(level: str) -> Preview:
    return Preview(level, total=MODELS[level].objects.count())


def of_rule(tree: Node, fields: Fields, *, segment: Segment | None, exact: bool = False) -> Preview:
    """`tree` is valid. Counts exactly up to a size, above from a sample unless asked otherwise."""
    level = tree["object"]
    found = Preview(level, total=MODELS[level].objects.count(), words=sentence(tree, fields))
    chunks = _sampled(found.total) if not exact else 128
    moment = moment_of_workspace()
    _count(found, tree, fields, moment, chunks)
    found.about = chunks < 128
    if found.about:
        found.count = round(found.count * 128 / chunks)
        found.by_node = {path: round(count * 128 / chunks) for path, count in found.by_node.items()}
    explainer = Explainer(tree, fields, moment.zone)
    for record, subject in _some_members(level, predicate(tree, fields, moment)):
        found.samples.append(Sample(record, explainer.explain(subject.own, subject.partner, moment)))
    if segment is not None and not found.about:
        found.joins = _moves(tree, fields, moment, segment.live_build, joining=True)
        found.leaves = _moves(tree, fields, moment, segment.live_build, joining=False)
    return found


def of_one(tree: Node, fields: Fields, record: Any) -> Sample:
    """Whether the rule matches this very partner or contact, and why or why not."""
    moment = moment_of_workspace()
    subjects = peek(tree["object"], [record.pk])
    if not subjects:
        return Sample(record)
    explained = Explainer(tree, fields, moment.zone).explain(subjects[0].own, subjects[0].partner, moment)
    return Sample(record, explained)


def _sampled(total: int) -> int:
    """Over how many of the 128 chunks to count; chunks are random."""
    return 128 if total <= COUNTED_EXACTLY else max(1, 128 * COUNTED_EXACTLY // total)


def _count(found: Preview, tree: Node, fields: Fields, moment, chunks: int) -> None:
    nodes = list(walk(tree["root"]))[:NODES]
    columns, params = [], []
    for _, node in nodes:
        single = {**tree, "root": node if "items" in node else {"op": "all", "items": [node]}}
        part = predicate(single, fields, moment)
        columns.append(sql.SQL("count(*) FILTER (WHERE {})").format(part.clause))
        params += part.params
    query = sql.SQL("SELECT {} FROM {} WHERE own.workspace_id = %s AND own.chunk < %s").format(
        sql.SQL(", ").join(columns), SOURCES[found.level]
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, current_workspace_id(), chunks])
        counts = cursor.fetchone()
    found.by_node = dict(zip((path for path, _ in nodes), counts, strict=True))
    found.count = found.by_node[()]


def _some_members(level: str, rule) -> list[tuple[Any, Subject]]:
    query = sql.SQL(
        "SELECT own.id FROM {} WHERE own.workspace_id = %s AND {} ORDER BY own.name, own.id LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            query.format(SOURCES[level], rule.clause), [current_workspace_id(), *rule.params, SAMPLES]
        )
        ids = [row[0] for row in cursor.fetchall()]
    found = MODELS[level].objects.select_related("partner") if level == "contact" else Partner.objects.all()
    records = found.in_bulk(ids)
    subjects = {subject.id: subject for subject in peek(level, ids)}
    return [(records[pk], subjects[pk]) for pk in ids if pk in subjects]


def _moves(tree: Node, fields: Fields, moment, live_build: int | None, *, joining: bool) -> Moves:
    rule = predicate(tree, fields, moment)
    level = tree["object"]
    query = sql.SQL(
        "SELECT name, count(*) OVER () FROM (SELECT own.name, own.id, ({}) IS TRUE AS new,"
        " coalesce(%s = ANY (s.builds), false) AS old FROM {} LEFT JOIN {} s ON s.{} = own.id"
        " WHERE own.workspace_id = %s) moves WHERE new = %s AND old <> new ORDER BY name, id LIMIT %s"
    ).format(
        rule.clause, SOURCES[level], sql.Identifier(f"segments_{level}state"), sql.Identifier(f"{level}_id")
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*rule.params, live_build, current_workspace_id(), joining, NAMES])
        rows = cursor.fetchall()
    return Moves(rows[0][1], tuple(name for name, _ in rows)) if rows else Moves()
