"""The rules that a workspace evaluates by, compiled once per process and change of them."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from django.db import connection
from django.db.models import F

from segments.engine import related, related_fields
from segments.engine.coming import Coming
from segments.models import Build, Segment
from segments.rules.compile_python import CompiledRules
from segments.rules.expressions import Fact
from segments.rules.fields import CHANCE, CONSTANT, SEGMENTS, Calendar, Field, Fields, Referenced
from workspaces import locks, statements
from workspaces.models import Property, TeamMember, Workspace
from workspaces.tenancy import current_workspace_id

KEPT = 64  # workspaces
_compiled: OrderedDict[UUID, "RuleSet"] = OrderedDict()


@dataclass(frozen=True)
class RuleSet:
    """Everything that decides membership, as of one token."""

    key: tuple
    zone: str
    fields: dict[str, Fields]
    rules: dict[str, CompiledRules]
    segment_of: dict[int, UUID]  # live build → segment; a build that is being made is in `rules` only
    number_of: dict[int, int]  # build with a rule → number of its segment, live or being made
    builds_of: dict[int, frozenset[int]]  # the other way round
    coming: dict[
        int, Coming
    ]  # what concerns a build that is being made: its own number, and that of the live one
    _some: dict[tuple, CompiledRules] = field(default_factory=dict)

    def rules_of(self, level: str, builds: Iterable[int]) -> CompiledRules:
        """Some of the rules, as all of them see each other."""
        key = (level, tuple(builds))
        if key not in self._some:
            self._some[key] = self.rules[level].only(key[1])
        return self._some[key]

    @cached_property
    def facts(self) -> dict[str, frozenset[Fact]]:
        """What is kept in the states of each level."""
        of_partners = {fact for of, fact in self.rules["contact"].facts if of == "partner"}
        return {
            "contact": frozenset(fact for of, fact in self.rules["contact"].facts if of == "self"),
            "partner": frozenset(of_partners | {fact for _, fact in self.rules["partner"].facts}),
        }

    def facts_about(self, level: str, numbers: Iterable[int]) -> frozenset[Fact]:
        """Those that a change of these properties of a subject may change of itself."""
        asked = set(numbers)
        return frozenset(fact for fact in self.facts[level] if self._history.get(fact) in asked)

    @cached_property
    def related(self) -> "related.Related":
        """Which facts follow other records and activity."""
        return related.Related(self.facts)

    @cached_property
    def depths(self) -> dict[Fact, int]:
        """How many instants are kept of those facts that are lists of them."""
        found: dict[Fact, int] = {}
        for rules in self.rules.values():
            for fact, depth in rules.depths.items():
                found[fact] = max(depth, found.get(fact, 0))
        return found

    @cached_property
    def _history(self) -> dict[Fact, int]:
        every = self.facts["contact"] | self.facts["partner"]
        return {fact: json.loads(fact.spec)["p"] for fact in every if fact.kind == "history"}

    def read_of(self, level: str) -> frozenset[tuple[str, str]]:
        """What is read of a subject of the level beside its properties."""
        return self._read[level]

    @cached_property
    def _read(self) -> dict[str, frozenset[tuple[str, str]]]:
        kept = {level: frozenset(("self", fact.key) for fact in facts) for level, facts in self.facts.items()}
        return {level: rules.beside | kept[level] for level, rules in self.rules.items()}

    @cached_property
    def picks_asked(self) -> dict[str, bool]:
        """By level: whether any rule asks who was picked, held or made an exception of there."""
        beside = {"partner": {key for _, key in self.rules["partner"].beside}, "contact": set()}
        for of, key in self.rules["contact"].beside:
            beside["partner" if of == "partner" else "contact"].add(key)
        return {level: any(key[0] in "bhx" for key in keys) for level, keys in beside.items()}


def current() -> RuleSet:
    """The compiled rules of the current workspace, as its definitions stand in this transaction."""
    workspace_id = current_workspace_id()
    key = _key(workspace_id)
    found = _compiled.get(workspace_id)
    if found is None or found.key != key:
        # What is loaded after the key was read may be newer than it; the next look at the key finds out.
        found = _load(workspace_id, key)
        _compiled[workspace_id] = found
        while len(_compiled) > KEPT:
            _compiled.popitem(last=False)
    return found


def remembered() -> "RuleSet | None":
    """The rules as this process knew them last: without a question to the database, so maybe outdated."""
    return _compiled.get(current_workspace_id())


def change() -> None:
    """Marks the definitions as changed. Holds their row, so that two who publish go one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_definitions (id, workspace_id, token, last_number) "
            "VALUES (gen_random_uuid(), %s, gen_random_uuid(), 0) "
            "ON CONFLICT (workspace_id) DO UPDATE SET token = excluded.token",
            [current_workspace_id()],
        )


def next_number() -> int:
    """A number for a new segment. Counted, not looked up: that of a deleted segment is not given out again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO segments_definitions (id, workspace_id, token, last_number) "
            "VALUES (gen_random_uuid(), %s, gen_random_uuid(), 1) "
            "ON CONFLICT (workspace_id) DO UPDATE SET token = excluded.token, "
            "last_number = segments_definitions.last_number + 1 RETURNING last_number",
            [current_workspace_id()],
        )
        return cursor.fetchone()[0]


def lock_shared() -> None:
    """Every change of a membership, after the locks of its records: waits for a switch of builds, if one runs."""
    locks.lock_definitions()


def lock_exclusive() -> None:
    """The switch of builds: no change of a membership is on its way while it compares the old and the new."""
    locks.lock_definitions(exclusive=True)


def fields_of(level: str, *, everything: bool = True) -> Fields:
    """What rules of a level may ask about, with the team's members as options of their properties."""
    workspace = Workspace.objects.get(pk=current_workspace_id())
    there = _Present()
    return _fields(level, list(Property.objects.all()), workspace, _people() if everything else (), there)


def fields_of_levels() -> dict[str, Fields]:
    """Of both levels, for what little more it costs than for one."""
    workspace, there = Workspace.objects.get(pk=current_workspace_id()), _Present()
    properties, people = list(Property.objects.all()), _people()
    return {level: _fields(level, properties, workspace, people, there) for level in Segment.Level.values}


class _Present(Mapping[str, Referenced]):
    """The segments that are there, by id. Their rules are read one by one, when somebody asks for one."""

    def __init__(self) -> None:
        found = Segment.objects.present().order_by("name")
        rows = found.values_list("pk", "number", "name", "level", "live_build", "kind")
        self._rows = {str(row[0]): row for row in rows}
        self._read: dict[str, Referenced] = {}

    def __getitem__(self, key: str) -> Referenced:
        if key not in self._read:
            _, number, name, level, build, kind = self._rows[key]
            rule = kind == Segment.Kind.DYNAMIC and build is not None
            tree = Build.objects.get(number=build).tree if rule else None
            self._read[key] = Referenced(key, number, name, level, build, tree)
        return self._read[key]

    def __iter__(self):
        return iter(self._rows)

    def __len__(self):
        return len(self._rows)

    def options(self, level: str) -> tuple[tuple[str, str], ...]:
        return tuple((key, row[2]) for key, row in self._rows.items() if row[3] == level)


def _fields(level, properties, workspace, people, there: _Present | None = None) -> Fields:
    sides = {"self": level, "partner": "partner"} if level == "contact" else {"self": level}
    found = [field for side, of in sides.items() for field in _properties(side, of, properties, people)]
    found += related_fields.offered(sides, options=there is not None)
    for side, wanted in sides.items():
        options = there.options(wanted) if there is not None else ()
        found.append(Field(SEGMENTS, side, "segments", "Segment", SEGMENTS, options, group="Segments"))
    found += [
        Field("chance", "self", "chance", "Random share", CHANCE, group="Everybody"),
        Field("everyone", "self", "everyone", f"Every {level}", CONSTANT, group="Everybody"),
    ]
    calendar = Calendar(workspace.week_starts, workspace.fiscal_year_starts)
    like = Fields((), currency=workspace.currency, calendar=calendar)

    def of_level(wanted: str) -> list[Field]:
        return _properties("self", wanted, properties, people)

    return Fields(
        found,
        level=level,
        currency=workspace.currency,
        calendar=calendar,
        segments=there,
        records=related_fields.of_records(of_level, like, options=there is not None),
        keeps_history=True,
    )


def _properties(side: str, level: str, properties, people) -> list[Field]:
    return [
        Field(
            number=prop.number,
            of=side,
            key=prop.key,
            label=prop.label,
            type=prop.type,
            options=people if prop.type == "user" else tuple((o["value"], o["label"]) for o in prop.options),
            archived=prop.archived_at is not None,
        )
        for prop in properties
        if prop.level == level
    ]


def _people() -> tuple:
    return tuple((str(member.pk), str(member)) for member in TeamMember.objects.select_related("user"))


KEY = """
    SELECT d.token, w.time_zone, w.week_starts, w.fiscal_year_starts FROM workspaces_workspace w
    LEFT JOIN segments_definitions d ON d.workspace_id = w.id WHERE w.id = %s::uuid"""


def _key(workspace_id) -> tuple:
    return statements.run(KEY, [workspace_id])[0]


def _load(workspace_id, key) -> RuleSet:
    workspace = Workspace.objects.get(pk=workspace_id)
    properties = list(Property.objects.all())
    builds = list(_deciding_builds())
    fields = {level: _fields(level, properties, workspace, ()) for level in ("partner", "contact")}
    rules = _compile(builds, fields, key[1])
    live = {b.number: b.segment_id for b in builds if b.state == Build.State.LIVE}
    numbers = {b.number: b.of for b in builds if b.by_rule}
    builds_of: dict[int, frozenset[int]] = {}
    for number, of in numbers.items():
        builds_of[of] = builds_of.get(of, frozenset()) | {number}
    return RuleSet(
        key=key,
        zone=key[1],
        fields=fields,
        rules=rules,
        segment_of=live,
        number_of=numbers,
        builds_of=builds_of,
        coming=_coming(builds),
    )


def _coming(builds: list) -> dict[int, Coming]:
    making = {b.segment_id: b.pk for b in builds if b.state == Build.State.BUILDING}
    return {
        b.number: Coming(making[b.segment_id], itself=b.pk == making[b.segment_id])
        for b in builds
        if b.segment_id in making
    }


def _compile(builds: list, fields: dict[str, Fields], zone: str) -> dict[str, CompiledRules]:
    """References mean what is live; in a build that is being made, what is being made beside it."""
    live = {str(b.segment_id): _referenced(b) for b in builds if b.state == Build.State.LIVE}
    coming = live | {str(b.segment_id): _referenced(b) for b in builds if b.state == Build.State.BUILDING}
    now = {level: found.seeing(live) for level, found in fields.items()}
    soon = {level: found.seeing(coming) for level, found in fields.items()}
    return {
        level: CompiledRules(
            {b.number: b.tree for b in builds if b.by_rule and b.level == level},
            now[level],
            zone,
            seeing={b.number: soon[b.level] for b in builds if b.state == Build.State.BUILDING},
        )
        for level in fields
    }


def _referenced(build) -> Referenced:
    tree = build.tree if build.by_rule else None
    return Referenced(str(build.segment_id), build.of, "", build.level, build.number, tree)


def fields_for(build: Build) -> Fields:
    """The fields as the rule of a build that is being made sees them."""
    fields = fields_of(build.segment.level, everything=False)
    coming = {str(b.segment_id): _referenced(b) for b in _deciding_builds()}
    return fields.seeing(coming)


def _deciding_builds():
    states = [Build.State.LIVE, Build.State.BUILDING]
    present = Build.objects.filter(segment__archived_at=None, state__in=states)
    # A build that is being made comes after the live one of the same segment.
    return present.annotate(level=F("segment__level"), of=F("segment__number")).order_by("number")
