"""Forgetting a person for good: the row stays, since others point to it; nothing in it tells who it was."""

from workspaces.actors import Actor
from workspaces.invitations import suspend
from workspaces.models import Contact, PropertyChange, PropertyDelivery
from workspaces.properties import properties_of, set_properties

NAME = "Erased person"


def erase_contact(contact: Contact, *, by: Actor) -> None:
    """Empties every property, the log of its values included, and closes the way in. May run twice."""
    contact.user = None
    contact.save(update_fields=["user"])
    emptied = {key: None for key in properties_of("contact") if key not in ("name", "email", "role")}
    unknown = {"name": NAME, "email": f"erased-{contact.pk}@erased.invalid"}
    set_properties(contact, emptied | unknown, by=by)
    logged = PropertyChange.objects.filter(record_id=contact.pk)
    logged.update(old=None, new=None, old_norm=None, new_norm=None)
    PropertyDelivery.objects.filter(record_id=contact.pk).delete()
    suspend(contact)
