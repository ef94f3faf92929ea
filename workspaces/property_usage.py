"""How many records hold a property or an option, and what above us depends on it."""

from dataclasses import dataclass

from django.db import connection

from workspaces.levels import LEVELS
from workspaces.signals import property_uses
from workspaces.tenancy import current_workspace_id


@dataclass(frozen=True)
class Use:
    """Somebody above depends on a property: what it is called and where it is edited."""

    label: str
    url: str
    options: frozenset = frozenset()  # the options it names, if any


def counts(level):
    """How many records of a level hold a value, by property number."""
    table = LEVELS[level].model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key::int, count(*) FROM {table}, jsonb_object_keys(raw) AS key "  # noqa: S608
            "WHERE workspace_id = %s GROUP BY 1",
            [current_workspace_id()],
        )
        return dict(cursor.fetchall())


def holders(prop, value=None):
    """The records that hold the property, or one of its options."""
    number = str(prop.number)
    records = LEVELS[prop.level].model.objects.all()
    if value is None:
        return records.filter(raw__has_key=number)
    return records.filter(raw__contains={number: [value] if prop.type == "multi_choice" else value})


def option_counts(prop):
    """How many records hold each option, by its value; also options that are gone."""
    table, number = LEVELS[prop.level].model._meta.db_table, str(prop.number)
    each = "jsonb_array_elements_text(raw -> %s)" if prop.type == "multi_choice" else "raw ->> %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {each} AS held, count(*) FROM {table} "  # noqa: S608
            "WHERE workspace_id = %s AND raw ? %s GROUP BY 1",
            [number, current_workspace_id(), number],
        )
        return dict(cursor.fetchall())


def uses(prop):
    """What depends on the property, as those above answer; None where nobody is there to ask."""
    if not property_uses.has_listeners():
        return None
    answers = property_uses.send(sender=type(prop), prop=prop)
    return [use for _, answer in answers for use in answer or ()]
