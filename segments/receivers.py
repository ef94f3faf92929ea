"""What segments do of themselves when something else changes."""

from django.db.models.signals import post_delete
from django.dispatch import receiver

from segments import roles
from segments.audience import Gated
from segments.models import Audience
from workspaces.signals import properties_changed


@receiver(properties_changed)
def keep_role_segments(sender, properties, **kwargs) -> None:
    for prop in properties:
        if prop.level == "contact" and prop.key == "role":
            roles.keep(prop)


@receiver(post_delete)
def delete_audience_with_its_object(sender, instance, **kwargs) -> None:
    """Else the audience of a deleted tab would keep its segments in use for ever."""
    if issubclass(sender, Gated):
        Audience.objects.filter(pk=instance.audience_id).delete()
