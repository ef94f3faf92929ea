"""What the team does to the profile: show, order, take away, let edit."""

from django.db.models import Max

from portal.profile.models import ProfileField, ProfileLayout, can_be_editable
from segments.models import Audience


def show(prop):
    """Adds a property at the end."""
    layout = ProfileLayout.ensure()
    last = layout.fields.aggregate(last=Max("position"))["last"]
    ProfileField.objects.get_or_create(
        layout_id=layout.pk, prop=prop, defaults={"position": 0 if last is None else last + 1}
    )


def take_away(field):
    field.delete()
    if field.audience:
        field.audience.delete()


def move(field, *, by):
    """One place up (-1) or down (1)."""
    fields = list(field.layout.fields.filter(prop__archived_at=None))
    here = fields.index(field)
    there = here + by
    if not 0 <= there < len(fields):
        return
    fields.insert(there, fields.pop(here))
    for position, moved in enumerate(fields):
        moved.position = position
    ProfileField.objects.bulk_update(fields, ["position"])


def let_edit(layout, keys, *, logo):
    """Partners may edit these properties, by id; read-only ones never."""
    fields = list(layout.fields.select_related("prop"))
    for field in fields:
        field.editable = str(field.prop_id) in keys and can_be_editable(field.prop)
    ProfileField.objects.bulk_update(fields, ["editable"])
    layout.logo_editable = logo
    layout.save(update_fields=["logo_editable"])


def follow_the_profile(field):
    """The field asks nobody of its own any more, but whom the profile asks."""
    audience, field.audience = field.audience, None
    field.save(update_fields=["audience"])
    if audience:
        audience.delete()


def own_audience(field):
    """The field's own audience, made where there was none."""
    if field.audience is None:
        field.audience = Audience.objects.create()
        field.save(update_fields=["audience"])
    return field.audience
