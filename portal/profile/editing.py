"""Saving what a contact changed on the profile."""

from django.db import transaction

from portal.profile import asked
from portal.profile.editors import editors
from portal.profile.layout import profile_for
from segments import activity
from segments.viewer import viewer_of
from workspaces.actors import Actor
from workspaces.properties import set_properties


class ChangedMeanwhile(Exception):
    """Somebody else changed a value after this person opened the page."""

    def __init__(self, properties):
        self.properties = properties
        super().__init__()


class WouldLoseAccess(Exception):
    """After the change this person could not edit any more what they can edit now, or nobody could (`last`)."""

    def __init__(self, labels, last):
        self.labels, self.last = labels, last
        super().__init__()


def save(form, *, contact, profile, confirmed):
    """Writes what was changed, whole or not at all. Raises PropertyErrors, ChangedMeanwhile, WouldLoseAccess.

    Returns whether anything differed.
    """
    values = {key: value for key, value in form.values().items() if key in profile.editable}
    if not values:
        return False
    try:
        with transaction.atomic():
            before = editors([contact.partner_id])
            change = set_properties(contact.partner, values, by=Actor.of_contact(contact))
            _look_again(change, form, before, contact=contact, profile=profile, confirmed=confirmed)
            if change is not None:
                activity.note(contact, asked.EDITED)
    except Exception:
        contact.partner.refresh_from_db()  # set_properties had put the new values into it
        raise
    return change is not None


def _look_again(change, form, before, *, contact, profile, confirmed):
    if change is None:
        return
    by_number = {prop.number: prop for prop in profile.editable_properties}
    raced = [by_number[n] for n, (old, _) in change.values.items() if not form.saw(by_number[n], old)]
    if raced:
        raise ChangedMeanwhile(raced)
    if confirmed:
        return
    left = profile_for(viewer_of(contact)).editable
    lost = [prop.label for prop in profile.editable_properties if prop.key not in left]
    last = before.get(contact.partner_id) if not editors([contact.partner_id]) else None
    if lost or last:
        raise WouldLoseAccess(lost, last)
