"""Who looks after a partner is who owns its company in the CRM, where a property of the partner says who that is."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection as database
from django.dispatch import receiver

from crm_sync.connectors.base import COMPANY
from crm_sync.models import FieldMapping
from workspaces.models import Partner, TeamMember
from workspaces.signals import record_changed
from workspaces.tenancy import current_workspace_id

OWNERS = ("hubspot_owner_id", "OwnerId")  # the CRMs' own fields for it
MEMBER = len("00000000-0000-0000-0000-000000000000")
TAKE_OVER = """
    UPDATE workspaces_partner p SET owner_id = m.id FROM workspaces_teammember m
    WHERE p.workspace_id = %(workspace)s AND m.workspace_id = p.workspace_id
      AND m.id::text = p.raw ->> %(number)s AND p.owner_id IS DISTINCT FROM m.id
"""


def names_the_manager(mapping: FieldMapping) -> bool:
    return mapping.object_type == COMPANY and mapping.prop.type == "user" and mapping.field in OWNERS


def take_over(mapping: FieldMapping) -> None:
    """What the property holds already."""
    if names_the_manager(mapping):
        with database.cursor() as cursor:
            asked = {"workspace": current_workspace_id(), "number": str(mapping.prop.number)}
            cursor.execute(TAKE_OVER, asked)


@receiver(record_changed, sender=Partner)
def follow(sender, changes, **kwargs) -> None:
    """In the transaction of the change, whoever made it."""
    numbers = _owning({n for c in changes for n, values in c.values.items() if any(map(_is_member, values))})
    owned = defaultdict(list)
    for change in changes:
        for number in numbers & change.values.keys():
            owned[change.values[number][1]].append(change.record)
    team = {str(member.pk): member for member in TeamMember.objects.filter(pk__in=filter(None, owned))}
    for value, partners in owned.items():
        owner = team.get(value)
        Partner.objects.filter(pk__in=[partner.pk for partner in partners]).update(owner=owner)
        for partner in partners:
            partner.owner = owner


def _owning(numbers: Iterable[int]) -> set[int]:
    """Those of the properties that say who looks after a partner. Asked only where a value may be a member."""
    if not numbers:
        return set()
    mapped = FieldMapping.objects.inward().filter(
        object_type=COMPANY, prop__type="user", field__in=OWNERS, prop__number__in=numbers
    )
    return set(mapped.values_list("prop__number", flat=True))


def _is_member(value: object) -> bool:
    return isinstance(value, str) and len(value) == MEMBER
