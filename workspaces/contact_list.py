import uuid
from functools import cached_property

from django.db.models import Q
from django.db.models.functions import Lower

from workspaces.models import Contact, Partner
from workspaces.record_lists import Cell, Column, RecordList


class ContactList(RecordList):
    level = "contact"
    own_columns = (
        Column("email", "E-mail"),
        Column("partner", "Partner"),
        Column("status", "Status"),
        Column("last_seen_at", "Last seen"),
        Column("created_at", "Added"),
    )
    default_columns = ("partner", "p.role", "status", "last_seen_at")

    def base(self):
        # Not joined: the sort would carry every partner's documents along.
        return Contact.objects.prefetch_related("partner")

    def matching(self, words):
        return Q(name__icontains=words) | Q(email__icontains=words) | Q(partner__name__icontains=words)

    def _own_filters(self):
        found = [self._filter("status", "Status", Contact.Status.choices)]
        if self.partner:
            name = self.partner.name
            found.insert(0, self._filter("partner", "Partner", [(str(self.partner.pk), name)]))
        return found

    @cached_property
    def partner(self):
        """The one partner whose people are asked for, if any."""
        try:
            return Partner.objects.filter(pk=uuid.UUID(self.params.get("partner", ""))).first()
        except ValueError:
            return None

    def own_condition(self, name, value):
        return Q(status=value) if name == "status" else Q(partner_id=uuid.UUID(value))

    def own_order(self, key):
        return Lower("partner__name") if key == "partner" else super().own_order(key)

    def own_cell(self, column, contact):
        match column.key:
            case "email" | "partner":
                return Cell(column, str(getattr(contact, column.key)))
            case "status":
                return Cell(column, contact, "status")
            case _:
                return Cell(column, getattr(contact, column.key), "moment")
