"""Several builds of one level in one pass over a chunk: every subject is read once, evaluated once, written once."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from segments.engine import states, verdicts
from segments.engine.states import Subject
from segments.rules.compile_python import CompiledRules
from segments.rules.moments import Moment

AT_ONCE = 2000  # subjects a statement
ADD = """
    UPDATE segments_{level}state s SET builds = s.builds || v.added::int[],
           next_flip_at = least(s.next_flip_at, v.flip)
    FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS v (id, added, flip)
    WHERE s.{level}_id = v.id"""


def add(
    level: str, rules: CompiledRules, builds_of: Mapping[int, frozenset[int]], moment: Moment, chunk: int
) -> None:
    """Adds the builds of `rules` to everybody in the chunk who belongs to them, exceptions and holds included.

    `builds_of`: those builds, by the number of their segment. Who calls holds the chunk exclusively.
    """
    waiting: list[tuple[UUID, str, datetime | None]] = []
    for row in _additions(level, rules, builds_of, moment, chunk):
        waiting.append(row)
        if len(waiting) == AT_ONCE:
            _write(level, waiting)
            waiting = []
    if waiting:
        _write(level, waiting)


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
            yield subject.id, "{" + ",".join(map(str, sorted(added))) + "}", flip


def _is_sooner(flip: datetime | None, subject: Subject) -> bool:
    return flip is not None and (subject.next_flip_at is None or flip < subject.next_flip_at)


def _write(level: str, rows: list[tuple[UUID, str, datetime | None]]) -> None:
    ids, added, flips = (list(column) for column in zip(*rows, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(ADD.format(level=level), [ids, added, flips])
