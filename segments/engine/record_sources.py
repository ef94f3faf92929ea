"""Kinds of records that rules may ask about, and how their rows are read.

The contacts of a partner are built in. Features register theirs (segments.records); nothing here knows them.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from segments.engine.later_options import LaterOptions
from segments.rules.fields import TEXT_TYPES, Field, Fields

INSTANT = """to_jsonb(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))"""
GROUP = "Related records"
# Fields of records are keyed apart from what else a column may read; see segments.rules.expressions.Column.
PREFIX = "_"

# The properties of a level, as fields of the records themselves.
type Properties = Callable[[str], Collection[Field]]
type Options = Collection[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that can be asked of each record.

    `sql` is its value as an expression on the row `r`, NULL where it is blank, of the SQL type that fits `type`:
    text, numeric, boolean, date, timestamptz, or text[] for several choices. Money names its currency, text the
    same text as rules compare it (segments.rules.text.fold), which the feature writes beside it.
    """

    key: str
    label: str
    type: str
    sql: str
    options: Options | Callable[[], Options] = ()
    currency: str = ""
    folded: str = ""

    def field(self, *, group: str, options: bool) -> Field:
        known: Sequence[tuple[str, str]] = ()
        if not callable(self.options):
            known = tuple(self.options)
        elif options:
            known = LaterOptions(self.options)
        return Field(PREFIX + self.key, "self", self.key, self.label, self.type, known, group=group)

    def json(self, *, raw: bool) -> str:
        """The value as documents hold it."""
        if self.type in TEXT_TYPES:
            return f"to_jsonb(nullif({self.sql if raw else self.folded}, ''))"
        return _JSON[self.type](self)


_JSON: dict[str, Callable[[Asked], str]] = {
    "number": lambda asked: f"to_jsonb(({asked.sql})::numeric)",
    "money": lambda asked: (
        f"CASE WHEN ({asked.sql}) IS NOT NULL THEN"
        f" jsonb_build_object('a', ({asked.sql})::numeric, 'c', {asked.currency}) END"
    ),
    "boolean": lambda asked: f"to_jsonb(({asked.sql})::boolean)",
    "choice": lambda asked: f"to_jsonb(nullif(({asked.sql})::text, ''))",
    "user": lambda asked: f"to_jsonb(nullif(({asked.sql})::text, ''))",
    "date": lambda asked: f"to_jsonb(to_char({asked.sql}, 'YYYY-MM-DD'))",
    "datetime": lambda asked: INSTANT.format(f"({asked.sql})"),
    # A set: sorted as the process sorts, each once.
    "multi_choice": lambda asked: (
        '(SELECT jsonb_agg(one ORDER BY one COLLATE "C")'  # noqa: S608 the feature's own text
        f" FROM (SELECT DISTINCT unnest({asked.sql}) AS one) several)"
    ),
}


@dataclass(frozen=True)
class Source:
    """A kind of records.

    `table` has a workspace_id; `owners` names the column that holds whose a record is, by level. `name` is what
    people call one, as an expression on the row `r`, and `only` a condition on it, where the table holds others
    too. Where the records have properties, `level` is theirs: these can be asked beside `asked`. Percent signs in
    expressions are doubled. `found_by` are those that a team member finds, as a queryset, where that is not all.
    """

    key: str
    label: str  # "Quotes"
    one: str  # "quote"
    table: str
    owners: Mapping[str, str]
    name: str
    asked: tuple[Asked, ...] = ()
    level: str = ""
    only: str = "true"
    found_by: Callable[[Any], Any] | None = None

    def findable(self, reader: Any) -> sql.Composable | None:
        """A condition on the row `r`, with its parameters in the text; None where the reader finds them all."""
        if self.found_by is None or reader is None:
            return None
        query, params = self.found_by(reader).order_by().values("pk").query.sql_with_params()
        parts = query.split("%s")
        filled: list[sql.Composable] = [sql.SQL(parts[0])]  # type: ignore[arg-type]  # Django's own text
        for part, param in zip(parts[1:], params, strict=True):
            filled += [sql.Literal(param), sql.SQL(part)]  # type: ignore[arg-type]
        return sql.SQL("r.id IN ({})").format(sql.Composed(filled))

    @property
    def place(self) -> str:
        """What a condition on these records calls them."""
        return f"records:{self.key}"

    def fields(self, like: Fields, properties: Properties, *, options: bool) -> Fields:
        """What can be asked of each. `like` brings the calendar and currency."""
        group = self.one.capitalize()
        known = [replace(field, group=group) for field in properties(self.level)] if self.level else []
        known += [one.field(group=group, options=options) for one in self.asked]
        more: dict[str, Any] = {"currency": like.currency, "calendar": like.calendar}
        return Fields(known, level=self.one, among_records=True, **more)

    def owner(self, level: str) -> sql.Composable:
        return sql.Identifier("r", self.owners[level])

    def documents(self, keys: Collection[str]) -> sql.Composable:
        """Behind FROM: rows `r`, and `n` with their documents, as far as these keys need."""
        asked = [one for one in self.asked if PREFIX + one.key in keys]
        rows = sql.SQL("{} r CROSS JOIN LATERAL (SELECT {} AS norm, {} AS raw WHERE {}) n")
        norm, raw = (self._document(asked, raw=raw) for raw in (False, True))
        return rows.format(sql.Identifier(self.table), norm, raw, sql.SQL(self.only))  # type: ignore[arg-type]

    def _document(self, asked: list[Asked], *, raw: bool) -> sql.Composable:
        own = sql.SQL("r.raw" if raw else "r.norm")
        if self.level and not asked:
            return own
        parts = sql.SQL(", ").join(
            sql.SQL("{}, {}").format(sql.Literal(PREFIX + one.key), sql.SQL(one.json(raw=raw)))  # type: ignore[arg-type]  # the feature's own text
            for one in asked
        )
        built = sql.SQL("jsonb_strip_nulls(jsonb_build_object({}))").format(parts)
        return sql.SQL("{} || {}").format(own, built) if self.level else built


CONTACTS = Source(
    key="contacts",
    label="Contacts",
    one="contact",
    table="workspaces_contact",
    owners={"partner": "partner_id"},
    name="coalesce(nullif(r.name, ''), r.email)",
    level="contact",
)
SOURCES: dict[str, Source] = {CONTACTS.key: CONTACTS}
