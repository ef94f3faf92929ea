"""What a rule would do: how many match it and each of its conditions, and some of them with why."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from psycopg import sql

from segments.engine.backfill import condition, decided, moment_of_workspace
from segments.engine.facts import freshen
from segments.engine.sources import source
from segments.engine.states import Subject, peek
from segments.found_records import FoundRecords
from segments.models import Segment
from segments.origins import Origins
from segments.rules.compile_python import CompiledRules
from segments.rules.explain import Explainer, Verdict
from segments.rules.fields import Fields
from segments.rules.lower import lower
from segments.rules.nearest import nearest
from segments.rules.sentence import Part, sentence
from segments.rules.tree import Node, Path, walk
from segments.why import Node as Why
from segments.why import node_of
from workspaces.models import Contact, Partner, TeamMember
from workspaces.tenancy import current_workspace_id

SAMPLES = 10
COUNTED_EXACTLY = 20_000
NODES = 60  # rows that show how many match them; beyond, only the whole does
MODELS: dict[str, Any] = {"partner": Partner, "contact": Contact}


@dataclass(frozen=True)
class Sample:
    record: Any
    why: Why | None = None
    # Why somebody is in whom the rule does not match: "always" or "held".
    mark: str = ""
    nearest: str = ""  # what would have to turn; nothing for those whom the rule does not decide


class Whole(NamedTuple):
    """Who would be a member, as a condition over sources."""

    clause: sql.Composable
    params: list
    sources: sql.Composable


@dataclass
class Preview:
    level: str
    total: int = 0
    count: int = 0
    about: bool = False
    words: list[Part] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
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


def of_rule(
    tree: Node, fields: Fields, *, segment: Segment | None, member: TeamMember | None, exact: bool = False
) -> Preview:
    """`tree` is valid. Counts exactly up to a size, above from a sample unless asked otherwise. What is told of members
    is told to a member of the team.
    """
    level = tree["object"]
    found = Preview(level, total=MODELS[level].objects.count(), words=sentence(tree, fields))
    chunks = _sampled(found.total) if not exact else 128
    moment = moment_of_workspace()
    whole = _whole(tree, fields, moment, segment, chunks)
    _count(found, tree, fields, moment, chunks, whole)
    found.about = chunks < 128
    if found.about:
        found.count = round(found.count * 128 / chunks)
        found.by_node = {path: round(count * 128 / chunks) for path, count in found.by_node.items()}
    explainer = Explainer(tree, fields, moment.zone)
    members = _some_members(level, whole, explainer.rules)
    freshen(level, [subject for _, subject in members], explainer.rules, fields, moment)
    seen = FoundRecords([record for record, _ in members], fields, moment, reader=member)
    for record, subject in members:
        why = explainer.explain(*subject.documents(explainer.rules, moment.at), moment)
        mark = _mark(subject, segment)
        turns = "" if mark else _turns(why, explainer, moment)
        found.samples.append(Sample(record, node_of(why, record, None, seen), mark, turns))
    return found


def _whole(tree: Node, fields: Fields, moment, segment: Segment | None, chunks: int) -> Whole:
    """The rule; for a segment that is there already with its exceptions and with who is held."""
    level = tree["object"]
    clause, params = condition(tree, fields, moment, chunks=range(chunks))
    if segment is None:
        return Whole(clause, params, source(level, lower(tree, fields)))
    clause, params = decided(clause, params, segment.number, moment)
    return Whole(clause, params, source(level, lower(tree, fields), state=True))


def _mark(subject: Subject, segment: Segment | None) -> str:
    if segment is None:
        return ""
    if str(segment.number) in subject.exceptions:
        return "always"
    return "held" if segment.number in subject.held else ""


def of_one(tree: Node, fields: Fields, record: Any, *, member: TeamMember | None) -> Sample:
    """Whether the rule matches this very partner or contact, and why or why not; with where each value came from."""
    moment = moment_of_workspace()
    explainer = Explainer(tree, fields, moment.zone)
    subjects = peek(tree["object"], [record.pk], explainer.rules)
    if not subjects:
        return Sample(record)
    freshen(tree["object"], subjects, explainer.rules, fields, moment)
    documents = subjects[0].documents(explainer.rules, moment.at)
    why = explainer.explain(*documents, moment)
    seen = FoundRecords([record], fields, moment, reader=member)
    node = node_of(why, record, Origins([record]), seen)
    return Sample(record, node, nearest=_turns(why, explainer, moment))


def _turns(why: Verdict, explainer: Explainer, moment) -> str:
    found = nearest(why, explainer.fields, moment.zone)
    return found.words if found else ""


def _sampled(total: int) -> int:
    """Over how many of the 128 chunks to count; chunks are random."""
    return 128 if total <= COUNTED_EXACTLY else max(1, 128 * COUNTED_EXACTLY // total)


def _count(found: Preview, tree: Node, fields: Fields, moment, chunks: int, whole: Whole) -> None:
    nodes = list(walk(tree["root"]))[:NODES]
    columns = [sql.SQL("count(*) FILTER (WHERE {})").format(whole.clause)]
    params = list(whole.params)
    for _, node in nodes:
        single = {**tree, "root": node if "items" in node else {"op": "all", "items": [node]}}
        part, values = condition(single, fields, moment, chunks=range(chunks))
        columns.append(sql.SQL("count(*) FILTER (WHERE {})").format(part))
        params += values
    query = sql.SQL("SELECT {} FROM {} WHERE own.workspace_id = %s AND own.chunk < %s").format(
        sql.SQL(", ").join(columns), whole.sources
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*params, current_workspace_id(), chunks])
        found.count, *counts = cursor.fetchone()
    found.by_node = dict(zip((path for path, _ in nodes), counts, strict=True))


def _some_members(level: str, whole: Whole, rules: CompiledRules) -> list[tuple[Any, Subject]]:
    query = sql.SQL(
        "SELECT own.id FROM {} WHERE own.workspace_id = %s AND {} ORDER BY own.name, own.id LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            query.format(whole.sources, whole.clause), [current_workspace_id(), *whole.params, SAMPLES]
        )
        ids = [row[0] for row in cursor.fetchall()]
    found = MODELS[level].objects.select_related("partner") if level == "contact" else Partner.objects.all()
    records = found.in_bulk(ids)
    subjects = {subject.id: subject for subject in peek(level, ids, rules)}
    return [(records[pk], subjects[pk]) for pk in ids if pk in subjects]
