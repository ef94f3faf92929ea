"""A deleted partner or contact leaves its segments: the log says so, and the counts follow."""

import json

from django.db.models.signals import post_delete, pre_delete
from django.dispatch import receiver

from segments.engine import definitions, membership, rollups, staging
from segments.engine.causes import Cause
from segments.engine.history import Change
from segments.engine.states import peek
from segments.models import StaticMember
from workspaces import locks
from workspaces.models import Contact, Partner


@receiver(pre_delete, sender=Contact)
@receiver(pre_delete, sender=Partner)
def leave(sender, instance, **kwargs) -> None:
    if instance.level == "contact":
        locks.lock_partners_with_contacts([instance])
    else:
        locks.lock_for_partners([instance])
    StaticMember.objects.filter(subject_id=instance.pk).delete()
    evaluation = membership.begin(instance.level)
    cause = json.dumps(Cause("deleted").as_json(()))
    segment_of = definitions.current().segment_of
    at = evaluation.moment.at
    subjects = peek(instance.level, [instance.pk])
    membership.record(
        [
            Change(segment_of[number], instance.level, subject.id, False, cause, at)
            for subject in subjects
            for number in sorted(subject.builds)
            if number in segment_of
        ]
    )
    coming = evaluation.definitions.coming
    staging.add(
        (coming[number].build, subject.id, -1 if coming[number].itself else 0)
        for subject in subjects
        for number in subject.builds & coming.keys()
    )


@receiver(post_delete, sender=Contact)
def leave_a_partner_behind(sender, instance, origin=None, **kwargs) -> None:
    """What is known of the partner through its contacts follows, unless the partner is what is being deleted."""
    if getattr(origin, "model", type(origin)) is not Contact:
        return
    partners = membership.begin("partner")
    asked = partners.definitions.related.fed_by_contacts((), moving=True)
    rollups.settle(partners, asked, {instance.partner_id: Cause("records", reason="contacts")})
