"""What a change of properties costs with many segments: one contact, a thousand at once, a partner with a thousand."""

import itertools
import time
from collections.abc import Callable, Iterator

from django.db import connection

from segments.benchmarks.crowd import Crowd
from workspaces import statements
from workspaces.actors import SYSTEM, Actor
from workspaces.keys import uuid7
from workspaces.measuring import Figure, percentile, timed
from workspaces.properties import Edit, set_many, set_properties
from workspaces.tenancy import workspace_transaction

SYNC = Actor("crm", "1", "Bench sync")
TIERS = ["registered", "silver", "gold", "platinum"]


def figures(crowd: Crowd) -> Iterator[Figure]:
    bare, alone, synced = _interleaved([_bare(crowd), _one(crowd, SYSTEM), _one(crowd, SYNC)], times=400)
    yield Figure("bare update, insert and commit, p50", percentile(bare, 50), "ms", note="the floor")
    yield Figure("one property of one contact, p50", percentile(alone, 50), "ms", 3)
    yield Figure("one property of one contact, p95", percentile(alone, 95), "ms", 8)
    yield Figure("the same by a sync, p50", percentile(synced, 50), "ms", 3, note="with the circuit breaker")
    yield Figure("the same by a sync, p95", percentile(synced, 95), "ms", 8)
    yield Figure("statements of one change", _statements(crowd), "")
    yield Figure(
        "1,000 contacts in one transaction, p50", percentile(timed(_thousand(crowd), times=5), 50), "ms", 500
    )
    for size, bar in ((20, None), (1000, 150)):
        took = timed(_tier(crowd, size), times=9)
        yield Figure(f"tier of a partner with {size} contacts, p50", percentile(took, 50), "ms", bar)


def _interleaved(works: list[Callable[[], None]], *, times: int) -> list[list[float]]:
    """Milliseconds of each, taking turns, so that all meet the same machine."""
    took: list[list[float]] = [[] for _ in works]
    for turn in range(times + 40):
        for work, samples in zip(works, took, strict=True):
            started = time.perf_counter()
            work()
            if turn >= 40:
                samples.append((time.perf_counter() - started) * 1000)
    return took


def _one(crowd: Crowd, by: Actor) -> Callable[[], None]:
    def change() -> None:
        contact, values = crowd.change()
        with workspace_transaction(crowd.workspace):
            set_properties(contact, values, by=by)

    return change


def _bare(crowd: Crowd) -> Callable[[], None]:
    """The least that a change of a kept value with its log can be: the same rows, and nothing decided."""
    update = (
        "UPDATE workspaces_contact SET version = version + 1 WHERE workspace_id = %s::uuid AND id = %s::uuid"
    )
    log = """INSERT INTO workspaces_propertychange (id, workspace_id, level, record_id, prop_id, actor_kind,
             actor_id, actor_label, at)
             VALUES (%s::uuid, %s::uuid, 'contact', %s::uuid, %s::uuid, 'system', '', '', now())"""
    prop = crowd.property("contact", "flag_0").pk

    def change() -> None:
        contact = crowd.random.choice(crowd.contacts)
        with workspace_transaction(crowd.workspace):
            statements.run(update, [crowd.workspace.pk, contact.pk])
            statements.run(log, [uuid7(), crowd.workspace.pk, contact.pk, prop])

    return change


def _statements(crowd: Crowd) -> float:
    seen = []

    def listen(execute, *given):
        seen.append(given)
        return execute(*given)

    with connection.execute_wrapper(listen):
        _one(crowd, SYSTEM)()
    return len(seen)


def _thousand(crowd: Crowd) -> Callable[[], None]:
    keys = itertools.cycle(["choice_0", "choice_1", "choice_3", "number_0"])

    def change() -> None:
        some = crowd.random.sample(crowd.contacts, min(1000, len(crowd.contacts)))
        pair = [next(keys), next(keys)]
        edits = [Edit(contact, {key: crowd.value(key) for key in pair}) for contact in some]
        with workspace_transaction(crowd.workspace):
            set_many(edits, by=SYSTEM)

    return change


def _tier(crowd: Crowd, size: int) -> Callable[[], None]:
    tiers = itertools.cycle(TIERS)

    def change() -> None:
        with workspace_transaction(crowd.workspace):
            set_properties(crowd.partners[size], {"tier": next(tiers)}, by=SYSTEM)

    return change
