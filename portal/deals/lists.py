"""The team's list of deals or leads."""

import uuid
from functools import cached_property

from django.db.models import Count, Q
from django.db.models.functions import Lower

from portal.deals.models import AttributedRecord
from portal.deals.pipeline import Totals
from workspaces.models import Partner, TeamMember
from workspaces.record_lists import BLANK, Cell, Column, RecordList

ARCHIVED = "archived"
LATEST = "-changed_at"


class AttributedList(RecordList):
    own_columns = (
        Column("partner", "Partner"),
        Column("distributor", "Distributor"),
        Column("collaborators", "Collaborators", sortable=False, numeric=True),
        Column("stage_at", "In this stage since"),
        Column("changed_at", "Changed"),
        Column("created_at", "Added"),
    )

    def __init__(self, level, params, *, member, zone):
        self.level = level
        dated = ("p.close_date",) if level == "deal" else ()
        self.default_columns = ("partner", "p.stage", "p.amount", *dated, "p.owner")
        super().__init__(params, member=member, zone=zone)

    def base(self):
        found = AttributedRecord.objects.filter(level=self.level).for_member(self.member)
        found = found.filter(archived_at__isnull=self.params.get("state") != ARCHIVED)
        # Not joined: the sort would carry every partner's documents along.
        return found.prefetch_related("partner", "distributor")

    def matching(self, words):
        return Q(name__icontains=words) | Q(partner__name__icontains=words)

    def _own_filters(self):
        states = [*AttributedRecord.Outcome.choices, (ARCHIVED, "Archived")]
        owners = [(str(member.pk), str(member)) for member in TeamMember.objects.by_name()]
        found = [
            self._filter("state", "State", states),
            self._filter("owner", "Owner", [*owners, (BLANK, "No owner")]),
        ]
        if self.partner:
            found.insert(0, self._filter("partner", "Partner", [(str(self.partner.pk), self.partner.name)]))
        return found

    @cached_property
    def partner(self):
        """The one partner whose records are asked for, if any."""
        try:
            return Partner.objects.filter(pk=uuid.UUID(self.params.get("partner", ""))).first()
        except ValueError:
            return None

    def own_condition(self, name, value):
        if name == "state":
            return Q() if value == ARCHIVED else Q(outcome=value)
        if name == "owner":
            return Q(owner=None) if value == BLANK else Q(owner_id=uuid.UUID(value))
        return Q(partner_id=value) | Q(distributor_id=value)

    @cached_property
    def sort(self):
        """The latest change first, where nobody asked otherwise."""
        return super().sort if "sort" in self.params else LATEST

    def own_order(self, key):
        names = {"partner": Lower("partner__name"), "distributor": Lower("distributor__name")}
        return names.get(key) or super().own_order(key)

    @cached_property
    def totals(self):
        """What the records of the list come to, whatever page is shown."""
        return Totals.of(self.filtered())

    def prepare(self, records):
        if any(column.key == "collaborators" for column in self.columns):
            ids = [record.pk for record in records]
            counts = AttributedRecord.objects.filter(pk__in=ids).order_by().values_list("pk")
            self.collaborators = dict(counts.annotate(Count("collaborators")))

    def own_cell(self, column, record):
        match column.key:
            case "partner" | "distributor":
                return Cell(column, str(getattr(record, column.key) or ""))
            case "collaborators":
                return Cell(column, self.collaborators.get(record.pk, 0), "number")
            case _:
                return Cell(column, getattr(record, column.key), "moment")
