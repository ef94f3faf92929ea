"""What rules ask of related records, as expressions of the database: how many there are, the sum, the newest."""

import json
from collections.abc import Iterator
from typing import Any

from psycopg import sql

from segments.engine.record_sources import SOURCES, Source
from segments.rules.compile_sql import Predicate, Side, predicate_of, value_of
from segments.rules.expressions import Column, Fact
from segments.rules.fields import Fields
from segments.rules.lower import where
from segments.rules.moments import Moment
from segments.rules.tree import Node, is_group
from workspaces.tenancy import current_workspace_id

SIDES = {"self": Side("n")}
# Sums and averages to 15 digits, which is what a number of a document may have.
TAKES = {
    "count": "nullif(count(*), 0)",
    "sum": "sum({})::float8::numeric",
    "average": "avg({})::float8::numeric",
    "smallest": "min({})",
    "largest": "max({})",
    "newest": "max({})",
    "oldest": "min({})",
}

type Owner = sql.Composable


def value(spec: dict, owner: Owner, fields: Fields, moment: Moment) -> Predicate:
    """Of the records of one owner those that fit, counted or measured; NULL where there is nothing to say."""
    inner = fields.records[spec["records"]]
    source = SOURCES[spec["records"]]
    fitting = _fitting(spec, inner, moment)
    if spec["take"] == "all":
        taken = sql.SQL("bool_and(coalesce({}, false))").format(fitting.clause)
        return _of_owner(source, owner, fields.level, spec, Predicate(taken, fitting.params))
    measured = _measured(spec, inner, moment)
    taken = sql.SQL(TAKES[spec["take"]]).format(measured.clause)
    return _of_owner(source, owner, fields.level, spec, Predicate(taken, measured.params), fitting)


def mark(fact: Fact, owner: Owner, fields: Fields, moment: Moment) -> Predicate:
    """For each of the fact's watches: the value that time will bring over the bound next."""
    spec = json.loads(fact.spec)
    parts, params = [], []
    for watch in fact.watches:
        column = value_of(watch.column, moment, sides=SIDES)
        bound, _ = watch.window.at(moment)
        parts.append(sql.SQL("min({}) FILTER (WHERE {} >= %s::text)").format(column.clause, column.clause))
        params += [*column.params, *column.params, bound]
    listed = Predicate(sql.SQL("jsonb_build_array({})").format(sql.SQL(", ").join(parts)), params)
    return _of_owner(SOURCES[spec["records"]], owner, fields.level, spec, listed)


def listed(
    source_key: str,
    group: Node | None,
    owners: list,
    fields: Fields,
    moment: Moment,
    *,
    reader: Any,
    most: int,
) -> Predicate:
    """A query: for each owner how many records it has, how many of them fit, how many of those the reader may open,
    and the names of some that it may.
    """
    source, spec = SOURCES[source_key], {"where": group}
    fitting = _fitting(spec, fields.records[source_key], moment)
    shape = (
        "SELECT owner, count(*), count(*) FILTER (WHERE fits), count(*) FILTER (WHERE fits AND opens),"
        " (array_agg(name ORDER BY id DESC) FILTER (WHERE fits AND opens))[1:%s]"
        " FROM (SELECT {} AS owner, r.id, {} AS name, ({}) IS TRUE AS fits, {} AS opens"
        " FROM {} WHERE r.workspace_id = %s AND {} = ANY (%s)) found GROUP BY owner"
    )
    owner, opens = source.owner(fields.level), source.findable(reader) or sql.SQL("true")
    name = sql.SQL(source.name)  # type: ignore[arg-type]  # the feature's own text
    clause = sql.SQL(shape).format(owner, name, fitting.clause, opens, source.documents(keys(spec)), owner)
    return Predicate(clause, [most, *fitting.params, current_workspace_id(), owners])


def _of_owner(
    source: Source,
    owner: Owner,
    level: str,
    spec: dict,
    taken: Predicate,
    fitting: Predicate = Predicate(sql.SQL("true")),  # noqa: B008 frozen
) -> Predicate:
    shape = "(SELECT to_jsonb({}) FROM {} WHERE r.workspace_id = %s AND {} = {} AND {})"
    clause = sql.SQL(shape).format(
        taken.clause, source.documents(keys(spec)), source.owner(level), owner, fitting.clause
    )
    return Predicate(clause, [*taken.params, current_workspace_id(), *fitting.params])


def _fitting(spec: dict, inner: Fields, moment: Moment) -> Predicate:
    if not spec["where"]:
        return Predicate(sql.SQL("true"))
    return predicate_of(where(spec["where"], inner), moment, sides=SIDES)


def _measured(spec: dict, inner: Fields, moment: Moment) -> Predicate:
    if "p" not in spec:
        return Predicate(sql.SQL(""))
    field = inner["self", spec["p"]]
    column = Column("self", str(field.number), field.type, currency=spec["currency"])
    found = value_of(column, moment, sides=SIDES)
    if field.type == "money" and spec["currency"] is None:  # asked only whether there is any amount
        return Predicate(sql.SQL("({} -> 'a')::numeric").format(found.clause), found.params)
    return found


def keys(spec: dict) -> set[str]:
    """What of the records a fact reads, as their documents call it."""
    measured = {str(spec["p"])} if "p" in spec else set()
    return measured | ({str(key) for key in _named(spec["where"])} if spec["where"] else set())


def _named(node: Node) -> Iterator[int | str]:
    if is_group(node):
        for item in node["items"]:
            yield from _named(item)
        return
    yield node["p"]
    if isinstance(node.get("v"), dict) and "p" in node["v"]:
        yield node["v"]["p"]
