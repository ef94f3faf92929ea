"""What the profile's templates need, for the page and for the section of a tab."""

from dataclasses import dataclass
from typing import Any

from portal.profile import delivery, logos
from portal.profile.forms import ProfileForm, was
from portal.profile.layout import profile_for
from workspaces.display import Display


@dataclass(frozen=True)
class Row:
    """A property as it is shown: with an input where `bound` is there, else as text."""

    prop: Any
    text: str
    bound: Any = None
    was: str = ""
    state: Any = None


def context(request, *, profile=None, form=None):
    partner = request.contact.partner
    profile = profile or profile_for(request.viewer)
    if form is None and profile.editable:
        form = ProfileForm(profile.editable_properties, partner)
    states = delivery.states_of(partner, profile.editable_properties) if profile.editable else {}
    return {
        "partner": partner,
        "profile": profile,
        "form": form,
        "rows": _rows(profile, partner, form, states, Display(request.workspace.zone)),
        "moving": any(state.moving for state in states.values()),
        "logo_version": logos.version_of(partner),
    }


def _rows(profile, partner, form, states, display):
    rows = []
    for field in profile.fields:
        prop = field.prop
        raw = partner.value(prop)
        if prop.key in profile.editable:
            row = Row(prop, "", form[prop.key], was(prop, raw), states.get(prop.key))
        else:
            row = Row(prop, display.html(prop, raw))
        rows.append(row)
    return rows
