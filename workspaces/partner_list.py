import uuid
from functools import cached_property

from django.db.models import Count, Q

from workspaces.models import Contact, Partner, TeamMember
from workspaces.models.team_member import shown_name
from workspaces.record_lists import BLANK, Cell, Column, RecordList


class PartnerList(RecordList):
    level = "partner"
    own_columns = (
        Column("owner", "Owner"),
        Column("contacts", "Contacts", sortable=False, numeric=True),
        Column("created_at", "Added"),
    )
    default_columns = ("p.tier", "p.phase", "owner", "contacts")

    def base(self):
        return Partner.objects.select_related("owner__user")

    def matching(self, words):
        return Q(name__icontains=words)

    def _own_filters(self):
        members = [(str(m.pk), str(m)) for m in self.members if m.pk != self.member.pk]
        options = [(str(self.member.pk), "Mine"), *members, (BLANK, "No owner")]
        return [self._filter("owner", "Owner", options)]

    @cached_property
    def members(self):
        return sorted(TeamMember.objects.select_related("user"), key=lambda member: str(member).lower())

    def own_condition(self, name, value):
        return Q(owner=None) if value == BLANK else Q(owner_id=uuid.UUID(value))

    def own_order(self, key):
        return shown_name("owner__") if key == "owner" else super().own_order(key)

    def prepare(self, records):
        if any(column.key == "contacts" for column in self.columns):
            ids = [partner.pk for partner in records]
            counts = Contact.objects.filter(partner__in=ids).order_by().values_list("partner")
            self.contacts = dict(counts.annotate(Count("pk")))

    def own_cell(self, column, partner):
        match column.key:
            case "owner":
                return Cell(column, str(partner.owner or ""))
            case "contacts":
                return Cell(column, self.contacts.get(partner.pk, 0), "number")
            case _:
                return Cell(column, partner.created_at, "moment")
