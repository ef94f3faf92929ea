"""Fills builds of one level, a chunk at a time, under its exclusive lock: a few of them by a statement each; many in
one pass, in which every subject is read once, evaluated once, and written once."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import batched
from uuid import UUID

from segments.engine import backfill, definitions, facts, flips, states, verdicts
from segments.engine.states import Subject
from segments.models import Build
from segments.rules.compile_python import CompiledRules
from segments.rules.expressions import only_in_process
from segments.rules.moments import Moment
from workspaces import statements
from workspaces.tenancy import current_workspace_id

ONE_BY_ONE = 3  # so many rules are quicker as statements than as a look at everybody
AT_ONCE = 2000  # subjects a statement
ADD = """
    UPDATE segments_{level}state s SET builds = s.builds || v.added::int[],
           next_flip_at = least(s.next_flip_at, v.flip)
    FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS v (id, added, flip)
    WHERE s.workspace_id = %s::uuid AND s.{level}_id = v.id"""


def fill(builds: list[Build], chunks: list[int]) -> None:
    """Adds the builds to everybody in the chunks who belongs to them."""
    by_rule = [build for build in builds if build.by_rule]
    rules = definitions.current().rules[builds[0].segment.level]
    statements_do = [b for b in by_rule if not only_in_process(rules.expression(b.number))]
    together = by_rule if len(by_rule) > ONE_BY_ONE else [b for b in by_rule if b not in statements_do]
    for build in builds:  # lists of picked members first: rules may ask who is picked
        if build not in together:
            backfill.add_members(build, chunks)
    if together:
        _fill_together(together, chunks)


def _fill_together(builds: list[Build], chunks: list[int]) -> None:
    level = builds[0].segment.level
    found = definitions.current()
    rules = found.rules_of(level, [build.number for build in builds])
    moment = backfill.moment_of_workspace()
    kept = [fact for of, fact in rules.facts if of == "self"]
    facts.fill(level, kept, chunks, found.fields[level], moment, found.depths)
    flips.foretell_facts(level, kept, moment, chunks)
    builds_of: dict[int, frozenset[int]] = {}
    for build in builds:
        builds_of[build.segment.number] = frozenset({build.number})
    for chunk in chunks:
        add(level, rules, builds_of, moment, chunk)


def add(
    level: str, rules: CompiledRules, builds_of: Mapping[int, frozenset[int]], moment: Moment, chunk: int
) -> None:
    """Adds the builds of `rules`, exceptions and holds included. `builds_of`: the same by number of segment."""
    for some in batched(_additions(level, rules, builds_of, moment, chunk), AT_ONCE):
        ids, added, flips = (list(column) for column in zip(*some, strict=True))
        statements.run(ADD.format(level=level), [ids, added, flips, current_workspace_id()])


def _additions(level, rules, builds_of, moment, chunk) -> Iterator[tuple[UUID, str, datetime | None]]:
    for subject in states.in_chunks(level, [chunk], rules):
        documents = subject.documents(rules, moment.at)
        inside = verdicts.decide(
            rules.evaluate(*documents, moment),
            rules.builds,
            builds_of=builds_of,
            exceptions=subject.exceptions,
            held=subject.held,
            at=moment.at,
        )
        flip = rules.next_flip(*documents, moment)
        added = inside - subject.builds
        if added or _is_sooner(flip, subject):
            yield subject.id, _array(added), flip


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _is_sooner(flip: datetime | None, subject: Subject) -> bool:
    return flip is not None and (subject.next_flip_at is None or flip < subject.next_flip_at)
