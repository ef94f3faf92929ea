"""A large workspace to measure in: made by the database itself, and kept for the next run while nothing differs."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from segments.benchmarks import rules
from segments.engine import definitions, filling, publishing, states
from segments.models import Build, Segment
from segments.rules.moments import Moment
from segments.rules.validate import validate
from workspaces.models import Property, Workspace
from workspaces.properties import define_properties
from workspaces.setup import set_up_workspace
from workspaces.tenancy import workspace_transaction

SHAPE = 1  # another number for another population, so that no old one is taken for it
AT_ONCE = 50_000  # rows a statement
BIG, HUGE = 1000, 2500  # contacts of two partners, as far as there are so many
DAY = "to_char({}, 'YYYY-MM-DD')"
TIME = """to_char({}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
WORDS = [
    "alpha",
    "beta",
    "cloud",
    "data",
    "sales",
    "event",
    "deal",
    "renewal",
    "portal",
    "lead",
    "meeting",
    "north",
]
TITLES = [
    "Sales Manager",
    "Channel Director",
    "Cloud Architect",
    "Data Analyst",
    "Support Rep",
    "Partner Lead",
]


@dataclass(frozen=True)
class Kind:
    """A property of the population: how the database makes up its values, and how many records have one."""

    level: str
    key: str
    type: str
    value: str
    filled: float
    options: tuple[str, ...] = ()


def _options(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}_{n}" for n in range(count))


def _kinds() -> Iterator[Kind]:
    """35 properties of contacts and 15 of partners, beside the built-in ones."""
    for level, texts, choices, sets, numbers, flags, days, times in (
        ("contact", 4, 9, 3, 8, 4, 3, 4),
        ("partner", 2, 4, 1, 3, 2, 2, 1),
    ):
        for n in range(texts):
            yield Kind(level, f"text_{n}", "text", _text(n), (0.85, 0.9, 0.5, 0.8)[n])
        for n in range(choices):
            some = _options(f"c{n}", (8, 5, 40, 20, 12, 6, 12, 5, 4)[n])
            yield Kind(level, f"choice_{n}", "choice", _choice(some), 0.95 - 0.05 * (n % 5), some)
        for n in range(sets):
            some = _options(f"m{n}", (20, 30, 15)[n])
            yield Kind(level, f"set_{n}", "multi_choice", _set(some, n), 0.6 + 0.1 * n, some)
        for n in range(numbers):
            yield Kind(level, f"number_{n}", "number", _number(n), 0.9 - 0.07 * n)
        for n in range(flags):
            yield Kind(level, f"flag_{n}", "boolean", "random() < 0.5", 0.9 - 0.1 * (n % 3))
        for n in range(days):
            day = ("current_date - (random() * 2000)::int", "current_date + (random() * 800)::int - 100")[
                n % 2
            ]
            yield Kind(level, f"day_{n}", "date", DAY.format(day), 0.6)
        for n in range(times):
            ago = f"now() - random() ^ {1 + n % 3} * interval '{(400, 60, 900, 30)[n]} days'"
            yield Kind(level, f"time_{n}", "datetime", TIME.format(ago), 0.9 - 0.1 * n)


def _text(n: int) -> str:
    if n == 1:
        return _pick(TITLES)
    if n == 2:
        return f"{_pick(WORDS)} || ' ' || {_pick(WORDS)} || ' ' || {_pick(WORDS)}"
    return "'City ' || floor(random() ^ 2 * 200)::int"


def _choice(options: tuple[str, ...]) -> str:
    return _pick(options)


def _set(options: tuple[str, ...], seed: int) -> str:
    r = random.Random(seed)  # noqa: S311 the same every time
    return _pick([json.dumps(sorted(r.sample(options, r.randint(1, 4)))) for _ in range(80)]) + "::jsonb"


def _number(n: int) -> str:
    return (
        "floor(random() * 101)::int",
        "floor(-ln(1 - random()) * 3)::int",
        "round((exp(random() * 8) * 10)::numeric, 2)",
        "floor(-ln(1 - random()) * 16)::int",
        "floor(random() * 11)::int",
        "round((random() * 100)::numeric, 1)",
        "floor(1 + random() * 199)::int * 1000",
        "floor(18 + random() * 58)::int",
    )[n]


def _pick(values) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"(ARRAY[{quoted}])[1 + floor(random() ^ 1.6 * {len(values)})::int]"


KINDS = tuple(_kinds())


def workspace(*, contacts: int, partners: int, segments: int) -> Workspace:
    """One of these sizes, with every membership worked out."""
    slug = f"bench-{contacts}-{partners}-{segments}-v{SHAPE}"
    found = Workspace.objects.filter(slug=slug).first()
    if found is not None:
        return found
    made = Workspace.objects.create(slug=f"{slug[:40]}-l{Workspace.objects.count()}", name="Benchmark")
    with workspace_transaction(made):
        set_up_workspace(made)
        define_properties([_definition(kind) for kind in KINDS])
    _records(made, partners, contacts)
    with workspace_transaction(made):
        _segments(segments)
    work_out(made)
    _count(made)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    made.slug = slug  # only what is complete is found again
    made.save(update_fields=["slug"])
    return made


def _definition(kind: Kind) -> dict:
    options = [{"value": value, "label": value} for value in kind.options]
    return {"level": kind.level, "key": kind.key, "label": kind.key, "type": kind.type, "options": options}


def _records(made: Workspace, partners: int, contacts: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS bench_partner (place int PRIMARY KEY, id uuid)")
        cursor.execute("TRUNCATE bench_partner")
    for start in range(0, partners, AT_ONCE):
        with workspace_transaction(made), connection.cursor() as cursor:
            cursor.execute("SELECT setseed(%s)", [start % 997 / 997])
            cursor.execute(_insert("partner"), _bounds(made, start, partners))
    with workspace_transaction(made), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_partner SELECT row_number() OVER (ORDER BY id) - 1, id FROM workspaces_partner"
        )
        cursor.execute("ANALYZE bench_partner")
    for start in range(0, contacts, AT_ONCE):
        with workspace_transaction(made), connection.cursor() as cursor:
            cursor.execute("SELECT setseed(%s)", [start % 991 / 991])
            cursor.execute(_insert("contact"), _bounds(made, start, contacts) | {"partners": partners})


def _bounds(made: Workspace, start: int, total: int) -> dict:
    return {"workspace": made.pk, "start": start, "end": min(start + AT_ONCE, total) - 1}


BUILT_IN = {
    "partner": {"name": "'Company ' || n", "tier": _pick(["registered", "silver", "gold", "platinum"]),
                "phase": _pick(["prospecting", "signed_contract", "onboarding", "active"]),
                "country": _pick(["Norway", "Spain", "Italy", "Japan", "Kenya", "Chile"])},
    "contact": {"name": "'Person ' || n", "email": "'p' || n || '@corp' || n %% 3000 || '.example'",
                "role": _pick(["sales_rep", "solutions_engineer", "marketing", "admin"])},
}  # fmt: skip
COLUMNS = {"partner": ("name",), "contact": ("name", "email", "partner_id", "status")}


def _insert(level: str) -> str:
    """One statement that makes up records of a level with their documents. Texts are as rules compare them."""
    numbers = {prop.key: (prop.number, prop.type) for prop in Property.objects.filter(level=level)}
    given = {**BUILT_IN[level]}
    for kind in KINDS:
        if kind.level == level:
            given[kind.key] = f"CASE WHEN random() < {kind.filled} THEN {kind.value} END"
    inner = ", ".join(f"{value} AS {key}" for key, value in given.items())
    raw = ", ".join(f"'{numbers[key][0]}', {_as_raw(numbers[key][1], key)}" for key in given)
    norm = ", ".join(f"'{numbers[key][0]}', {_as_norm(numbers[key][1], key)}" for key in given)
    columns = COLUMNS[level]
    whose = "n, uuidv7() AS id" + (
        f", ({_PARTNER}) AS partner_id, 'active' AS status" if level == "contact" else ""
    )
    return f"""
        INSERT INTO workspaces_{level}
            (id, workspace_id, raw, norm, set_at, version, chunk, created_at, {", ".join(columns)})
        SELECT id, %(workspace)s, raw, norm,
               (SELECT jsonb_object_agg(k, '2026-05-01T08:00:00.000Z') FROM jsonb_object_keys(norm) k), 1,
               get_byte(uuid_send(id), 15) & 127, now(), {", ".join(columns)}
        FROM (SELECT *, jsonb_strip_nulls(jsonb_build_object({raw})) AS raw,
                     jsonb_strip_nulls(jsonb_build_object({norm})) AS norm
              FROM (SELECT {whose}, {inner} FROM generate_series(%(start)s, %(end)s) n OFFSET 0) v OFFSET 0) d"""  # noqa: S608


# A few partners have many contacts, most a few.
_PARTNER = f"""SELECT b.id FROM bench_partner b WHERE b.place =
    CASE WHEN n < {BIG} THEN 0 WHEN n >= 20000 AND n < {20000 + HUGE} THEN 1
    ELSE 2 + floor(((n * 2654435761 %% 1000003) / 1000003.0) ^ 1.3 * (%(partners)s - 2)) END::int"""  # noqa: S608


def _as_raw(type: str, key: str) -> str:
    return (
        key
        if type == "multi_choice"
        else f"to_jsonb({key})"
        if type == "boolean"
        else f"to_jsonb({key}::text)"
    )


def _as_norm(type: str, key: str) -> str:
    if type in {"text", "email"}:
        return f"to_jsonb(lower({key}))"
    return f"to_jsonb({key})" if type != "multi_choice" else key


def _segments(count: int) -> None:
    """Live from the start: their making is not what is measured here."""
    fields = {level: definitions.fields_of(level) for level in ("contact", "partner")}
    properties = {level: list(Property.objects.filter(level=level)) for level in fields}
    made, builds = [], []
    there = Build.objects.count()  # those of the roles
    for n, (level, tree) in enumerate(rules.many(count, properties), start=there + 1):
        number = definitions.next_number()
        segment = Segment(number=number, level=level, kind="dynamic", name=f"Segment {n}", live_build=n)
        tree = validate(tree, fields[level])
        build = Build(segment=segment, number=n, version=1, kind="dynamic", tree=tree, state="live")
        made.append(segment)
        builds.append(build)
    Segment.objects.bulk_create(made)
    Build.objects.bulk_create(builds)
    definitions.change()


def work_out(made: Workspace) -> None:
    """Every membership, as a recompute works it out."""
    with workspace_transaction(made):
        found = definitions.current()
    for level in ("partner", "contact"):
        rules = found.rules[level]
        builds_of = {n: b & rules.builds for n, b in found.builds_of.items()}
        for chunk in range(publishing.CHUNKS):
            with workspace_transaction(made):
                publishing.lock(level, [chunk])
                states.make(level, chunks=[chunk])
                filling.add(level, rules, builds_of, Moment(timezone.now(), found.zone), chunk)


def _count(made: Workspace) -> None:
    """As a switch would have counted."""
    for level in ("partner", "contact"):
        with workspace_transaction(made), connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE segments_segment s SET member_count = t.members
                    FROM (SELECT b, count(*) AS members FROM segments_{level}state, unnest(builds) b
                          WHERE workspace_id = %s GROUP BY b) t
                    WHERE s.workspace_id = %s AND s.level = %s AND s.live_build = t.b""",  # noqa: S608
                [made.pk, made.pk, level],
            )
