"""The one way in for property values: typed, validated, versioned, logged and announced, in one transaction.

Whoever is above (memberships, the CRM's outbox) follows synchronously, inside the same transaction; an
exception of theirs takes the change back.
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone

from workspaces import known_properties, locks, record_rows
from workspaces.levels import LEVELS
from workspaces.models import Contact, Partner, Property, PropertyChange
from workspaces.property_types import Invalid, clean, normalise
from workspaces.signals import Feed, RecordChange, contacts_feed, properties_changed, record_changed
from workspaces.tenancy import current_workspace_id

MOVES = 50  # how often a contact may change its partner between our look and our lock


class PropertyErrors(ValueError):
    """What is wrong, by property key, in words for the person who typed it. Nothing was written."""

    def __init__(self, errors):
        self.errors = errors
        super().__init__("; ".join(f"{key}: {message}" for key, message in errors.items()))


@dataclass
class Edit:
    """New values for one record, by property key. `partner` moves it to another, or gives a new one its partner."""

    record: Any
    values: dict
    partner: Any = None
    created: bool = False
    cleaned: dict = field(default_factory=dict)


def properties_of(level):
    """The live properties of a level by key."""
    live = Property.objects.live().filter(level=level).select_related("workspace")
    return {prop.key: prop for prop in live}


def set_properties(record, values, *, by):
    """Sets the values of a record; None or "" clears one. Raises PropertyErrors, writing nothing.

    Returns the RecordChange, or None where nothing differed. `record` is refreshed in place.
    """
    changes = set_many([Edit(record, values)], by=by)
    return changes[0] if changes else None


def move_contact(contact, partner, *, by):
    """Moves a contact to another partner."""
    return set_many([Edit(contact, {}, partner=partner)], by=by)


def create_partner(values, *, by, owner=None):
    record = Partner(workspace_id=current_workspace_id(), owner=owner)
    set_many([Edit(record, values, created=True)], by=by)
    return record


def create_contact(partner, values, *, by, status=Contact.Status.INVITED):
    record = Contact(workspace_id=current_workspace_id(), partner=partner, status=status)
    set_many([Edit(record, values, partner=partner, created=True)], by=by)
    return record


def set_many(edits, *, by):
    """Many records of one level in one go: locked together, written together, announced once."""
    if not edits:
        return []
    level = edits[0].record.level
    known = known_properties.current().by_key[level]
    for edit in edits:
        edit.cleaned = _cleaned(edit, known, level=level, by=by)
    if (changing := LEVELS[level].changing) is not None:
        return _within(changing, edits, level, known, by=by)
    return _written(edits, level, known, by=by, feed=_lock(edits, level))


def _within(changing, edits, level, known, *, by):
    """For a level with locks of its own. They are those of the partners that the records are known to be at."""
    for _ in range(MOVES):
        try:
            with transaction.atomic(), changing(edits, by=by):
                _refresh([edit for edit in edits if not edit.created], level)
                return _written(edits, level, known, by=by, feed=Feed())
        except _Moved:
            continue  # now the right partner is known
    raise OperationalError(f"The {level} kept moving between partners.")


def _written(edits, level, known, *, by, feed):
    now = timezone.now()
    changes = [change for edit in edits if (change := _apply(edit, by=by, at=now, feed=feed))]
    created = {id(edit.record) for edit in edits if edit.created}
    record_rows.write(level, changes, created=created, known=known, by=by)
    if changes:
        record_changed.send(sender=LEVELS[level].model, changes=changes)
    return changes


def _cleaned(edit, known, *, level, by):
    """Property → raw value. A contact never writes a read-only property, whatever page it came from."""
    values = dict(edit.values)
    defaults = _defaults(known, level)
    # What a record begins with is not yet anybody's to keep: its name, its address, and the default role.
    beginning = {*LEVELS[level].model.columns, *(key for key in defaults if key not in values)}
    if edit.created:
        values = {**defaults, **values}
    errors, cleaned = {}, {}
    for key, value in values.items():
        prop = known.get(key)
        if prop is None:
            errors[key] = "There is no such property."
        elif by.kind == "contact" and prop.read_only and not (edit.created and key in beginning):
            errors[key] = f"{prop.label} can only be changed by {prop.workspace.name}."
        else:
            try:
                cleaned[prop] = _fitting(prop, clean(prop, value))
            except Invalid as error:
                errors[key] = str(error)
    given = {prop.key for prop, raw in cleaned.items() if raw is not None}
    for key in LEVELS[level].required:
        missing = key not in given and (edit.created or key in values)
        if key in known and missing and key not in errors:
            errors[key] = f"{known[key].label} is needed."
    if errors:
        raise PropertyErrors(errors)
    return cleaned


def _fitting(prop, raw):
    """A value that is also a column must fit into it."""
    model = LEVELS[prop.level].model
    column = model.columns.get(prop.key) if prop.built_in else None
    longest = model._meta.get_field(column).max_length if column else None
    if longest and raw and len(raw) > longest:
        raise Invalid(f"Keep it under {longest:,} characters; this has {len(raw):,}.")
    return raw


def _defaults(known, level):
    """A new contact always has the workspace's default role, whichever way it comes; a deal its first stage."""
    key = LEVELS[level].beginning
    options = known[key].options if key in known else []
    default = next((option for option in options if option.get("default")), options[0] if options else None)
    return {key: default["value"]} if default else {}


class _Moved(Exception):
    """A contact is at another partner than the one that was locked, or the partner has to be locked as well."""


def _lock(edits, level):
    """Takes the locks and reads the rows again. Where partners follow they are locked as if they changed themselves:
    a shared lock that were made exclusive later would wait in a circle.
    """
    asked = level == "contact"
    feed = _feed(edits, current=False) if asked else Feed()
    deadlocks = 0
    for _ in range(MOVES):
        try:
            with transaction.atomic():
                _take_locks(edits, level, feed.follows)
                _refresh([edit for edit in edits if not edit.created], level)
                if asked and not feed.follows:
                    found = _feed(edits, current=True)
                    if found.follows:
                        feed = Feed(follows=True)  # what else was found ends with these locks
                        raise _Moved
                    return found
                return feed
        except _Moved:
            continue  # the savepoint gave the locks back; now the right partner is known
        except OperationalError as error:
            deadlocks += 1
            if not locks.is_deadlock(error) or deadlocks == locks.ATTEMPTS:
                raise
    raise OperationalError("The contact kept moving between partners.")


def _take_locks(edits, level, rolls_up):
    records = [edit.record for edit in edits]
    if level == "partner":
        locks.lock_for_partners(records, again=False)
        return
    targets = [edit.partner.pk for edit in edits if edit.partner]
    lock = locks.lock_partners_with_contacts if rolls_up else locks.lock_for_contacts
    lock(records, partner_ids=targets, again=False)


def _feed(edits, *, current):
    """Asked before the locks, where a guess will do, and under them once more."""
    numbers = {prop.number for edit in edits for prop in edit.cleaned}
    moving = any(edit.created or edit.partner for edit in edits)
    answers = contacts_feed.send(sender=Contact, numbers=numbers, moving=moving, current=current)
    found: list[Any] = [answer for _, answer in answers]
    return next((answer for answer in found if answer.follows), found[0] if found else Feed())


def _refresh(edits, level):
    """Reads the rows again under their locks: what was loaded before may be old."""
    if not edits:
        return
    rows = record_rows.read(level, [edit.record.pk for edit in edits])
    moved = False
    for edit in edits:
        if edit.record.pk not in rows:
            raise LEVELS[level].model.DoesNotExist(f"The {level} is gone.")
        row = rows[edit.record.pk]
        moved = moved or getattr(edit.record, "partner_id", None) != row.columns.get("partner_id")
        edit.record.raw, edit.record.norm, edit.record.set_at = row.raw, row.norm, row.set_at
        for name, value in row.columns.items():
            setattr(edit.record, name, value)
    if moved:
        raise _Moved


def _apply(edit, *, by, at, feed):
    record, values = edit.record, {}
    moved_from = None
    if edit.partner and not edit.created and edit.partner.pk != record.partner_id:
        moved_from, record.partner = record.partner_id, edit.partner
    for prop, raw in edit.cleaned.items():
        old = record.raw.get(str(prop.number))
        if raw == old:
            continue
        values[prop.number] = (old, raw)
        _put(record, prop, raw, at)
    if not (values or moved_from or edit.created):
        return None
    record.version += 1
    return RecordChange(
        record=record,
        level=record.level,
        by=by,
        at=at,
        created=edit.created,
        values=values,
        old_partner_id=moved_from,
        rolls_up=feed.follows,
        known=feed.known,
    )


def _put(record, prop, raw, at):
    key = str(prop.number)
    record.set_at[key] = at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if raw is None:
        record.raw.pop(key, None)
        record.norm.pop(key, None)
    else:
        record.raw[key] = raw
        record.norm[key] = normalise(prop, raw)
    if prop.built_in:
        record.keep(prop, raw, at=at)


def define_properties(definitions):
    """Adds properties to the current workspace; each definition is keyword arguments of Property.

    Numbers are given out under a lock, so that two people adding at once get two numbers.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('properties' || %s, 0))",
            [str(current_workspace_id())],
        )
    top = Property.objects.aggregate(top=Max("number"))["top"] or 0
    rows = []
    for number, definition in enumerate(definitions, start=top + 1):
        rows.append(Property(**{"position": number, **definition}, number=number))
    Property.objects.bulk_create(rows)
    properties_changed.send(sender=Property, properties=rows)
    return rows


def save_property(prop):
    """Saves a changed property and tells those who depend on its options and type."""
    prop.save()
    properties_changed.send(sender=Property, properties=[prop])


def history_of(record, *, limit=50):
    """The latest changes of a record, newest first."""
    return PropertyChange.objects.filter(record_id=record.pk).select_related("prop").order_by("-at")[:limit]
