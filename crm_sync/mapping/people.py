"""Who of the team is whom in the CRM: by e-mail address, or as somebody chose."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models.functions import Lower
from django.utils import timezone

from crm_sync.agreement import audit
from crm_sync.connectors.base import Owner
from crm_sync.models import Connection, CrmUser, FieldMapping
from workspaces.models import TeamMember


@dataclass(frozen=True)
class People:
    """Members of the team by the ids of the CRM's users, and back. Ids are texts on both sides."""

    member_of: dict[str, str] = field(default_factory=dict)
    user_of: dict[str, str] = field(default_factory=dict)  # of those who can be given records
    names: dict[str, str] = field(default_factory=dict)


def known(connection: Connection) -> People:
    found = People()
    rows = CrmUser.objects.filter(connection=connection).exclude(member=None).select_related("member__user")
    for row in rows:  # the active ones first
        member = str(row.member_id)
        found.member_of[row.external_id] = member
        found.names[member] = str(row.member)
        if row.active:
            found.user_of.setdefault(member, row.external_id)
    return found


def are_mapped(connection: Connection) -> bool:
    return connection.mappings.filter(prop__type="user").exists()


def learn(connection: Connection, owners: Iterable[Owner]) -> bool:
    """Keeps the CRM's people as last read. Says whether somebody is another one now."""
    before = known(connection)
    team = _team_by_address()
    chosen = CrmUser.objects.filter(connection=connection, by_hand=True)
    by_hand = dict(chosen.values_list("external_id", "member"))
    rows = [_row(connection, owner, by_hand, team) for owner in owners]
    CrmUser.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["workspace", "connection", "external_id"],
        update_fields=["email", "name", "active", "member", "seen_at"],
    )
    gone = CrmUser.objects.filter(connection=connection).exclude(
        external_id__in=[r.external_id for r in rows]
    )
    gone.update(active=False)
    return known(connection) != before


def choose(user: CrmUser, member: TeamMember | None, *, by: object) -> None:
    """By hand, from then on."""
    user.member, user.by_hand = member, True
    user.save(update_fields=["member", "by_hand"])
    whom = f"{member} of the team" if member else "nobody of the team"
    audit.note(user.connection, "people", f"{user} of {user.connection} is {whom}.", by=by)


def mappings_of_people(connection: Connection) -> Iterable[FieldMapping]:
    return connection.mappings.filter(prop__type="user").select_related("prop")


def _team_by_address() -> dict[str, TeamMember]:
    team = TeamMember.objects.annotate(address=Lower("user__email"))
    return {member.address: member for member in team}


def _row(connection, owner: Owner, by_hand: dict, team: dict[str, TeamMember]) -> CrmUser:
    row = CrmUser(
        connection=connection,
        external_id=owner.external_id,
        email=owner.email[:254],
        name=owner.name[:200],
        active=owner.active,
        seen_at=timezone.now(),
    )
    if owner.external_id in by_hand:
        row.member_id, row.by_hand = by_hand[owner.external_id], True
    else:
        row.member = team.get(owner.email.strip().lower())
    return row
