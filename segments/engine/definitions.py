"""The rules that a workspace evaluates by, compiled once per process and change of them."""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import F

from segments.models import Build
from segments.rules.compile_python import CompiledRules
from segments.rules.fields import Field, Fields
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
    _lock("pg_advisory_xact_lock_shared")


def lock_exclusive() -> None:
    """The switch of builds: no change of a membership is on its way while it compares the old and the new."""
    _lock("pg_advisory_xact_lock")


def fields_of(level: str, *, everything: bool = True) -> Fields:
    """What rules of a level may ask about, with the team's members as options of their properties."""
    workspace = Workspace.objects.get(pk=current_workspace_id())
    return _fields(level, list(Property.objects.all()), workspace, _people() if everything else ())


def _fields(level, properties, workspace, people) -> Fields:
    sides = {"self": level, "partner": "partner"} if level == "contact" else {"self": level}
    found = [
        Field(
            number=prop.number,
            of=side,
            key=prop.key,
            label=prop.label,
            type=prop.type,
            options=people if prop.type == "user" else tuple((o["value"], o["label"]) for o in prop.options),
            archived=prop.archived_at is not None,
        )
        for side, wanted in sides.items()
        for prop in properties
        if prop.level == wanted
    ]
    return Fields(found, level=level, currency=workspace.currency)


def _people() -> tuple:
    return tuple((str(member.pk), str(member)) for member in TeamMember.objects.select_related("user"))


def _key(workspace_id) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.token, w.time_zone FROM workspaces_workspace w "
            "LEFT JOIN segments_definitions d ON d.workspace_id = w.id WHERE w.id = %s",
            [workspace_id],
        )
        return cursor.fetchone()


def _load(workspace_id, key) -> RuleSet:
    workspace = Workspace.objects.get(pk=workspace_id)
    properties = list(Property.objects.all())
    builds = list(_deciding_builds())
    fields = {level: _fields(level, properties, workspace, ()) for level in ("partner", "contact")}
    rules = {
        level: CompiledRules(
            {b.number: b.tree for b in builds if b.by_rule and b.level == level}, fields[level], key[1]
        )
        for level in fields
    }
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
    )


def _deciding_builds():
    states = [Build.State.LIVE, Build.State.BUILDING]
    present = Build.objects.filter(segment__archived_at=None, state__in=states)
    return present.annotate(level=F("segment__level"), of=F("segment__number")).order_by("number")


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(hashtextextended('definitions' || %s, 0))", [str(current_workspace_id())]
        )
