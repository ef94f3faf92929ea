"""The profile for one viewer: which properties it shows, and which of them this person may edit."""

from dataclasses import dataclass

from portal.profile.models import ProfileField, ProfileLayout, fields_at_first
from segments.audience import open_to
from segments.models import Audience


@dataclass(frozen=True)
class Profile:
    fields: list[ProfileField]
    editable: frozenset  # keys of the properties that this viewer may edit
    logo_editable: bool

    @property
    def any_editable(self):
        return bool(self.editable or self.logo_editable)

    @property
    def editable_properties(self):
        return [field.prop for field in self.fields if field.prop.key in self.editable]


def shown_fields(layout):
    """The fields in their order. A workspace that has chosen nothing yet shows the first ones."""
    if layout is None:
        return fields_at_first(ProfileLayout())
    fields = layout.fields.select_related("prop__workspace", "audience").filter(prop__archived_at=None)
    return list(fields)


def profile_for(viewer):
    layout = ProfileLayout.objects.first()
    fields = shown_fields(layout)
    gates = {field.audience_id for field in fields} | {layout.audience_id if layout else None}
    passed = _open(gates - {None}, viewer)
    general = layout is None or layout.audience_id in passed
    editable = {f.prop.key for f in fields if f.may_be_edited and _passes(f, general, passed)}
    logo = layout.logo_editable if layout else ProfileLayout().logo_editable
    return Profile(fields, frozenset(editable), logo_editable=logo and general)


def _passes(field, general, passed):
    return general if field.audience_id is None else field.audience_id in passed


def _open(audience_ids, viewer):
    if not audience_ids:
        return set()
    found = Audience.objects.filter(pk__in=audience_ids).filter(open_to(viewer))
    return set(found.values_list("pk", flat=True))
