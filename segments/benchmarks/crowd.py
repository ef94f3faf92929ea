"""Who is in the workspace that is measured, and new values for them: the same in every run."""

import random
from functools import cached_property

from django.db.models import Count

from workspaces.models import Contact, Partner, Property, Workspace
from workspaces.tenancy import workspace_transaction

CHANGED = [f"choice_{n}" for n in range(9)] + ["set_0", "set_1", "flag_0", "flag_1", "number_0", "number_3"]
SEVERAL = 3000  # contacts that take turns


class Crowd:
    def __init__(self, workspace: Workspace):
        self.workspace = workspace
        self.random = random.Random(7)  # noqa: S311
        with workspace_transaction(workspace):
            self._properties = {(p.level, p.key): p for p in Property.objects.all()}

    @cached_property
    def size(self) -> int:
        with workspace_transaction(self.workspace):
            return Contact.objects.count()

    @cached_property
    def contacts(self) -> list[Contact]:
        """From all over the workspace, already loaded: from the write to the commit is what is measured."""
        with workspace_transaction(self.workspace):
            found = Contact.objects.filter(chunk__in=[3, 50, 97, 111]).order_by("-pk")
            several = list(found[: 4 * SEVERAL])
            return self.random.sample(several, min(len(several), SEVERAL))

    @cached_property
    def partners(self) -> dict[int, Partner]:
        """One with about twenty contacts and one with about a thousand, by these numbers."""
        with workspace_transaction(self.workspace):
            sizes = Contact.objects.order_by().values_list("partner").annotate(size=Count("pk"))
            by_size = {size: pk for pk, size in sizes}
            return {
                wanted: Partner.objects.get(pk=by_size[min(by_size, key=lambda size: abs(size - wanted))])
                for wanted in (20, 1000)
            }

    def property(self, level: str, key: str) -> Property:
        return self._properties[level, key]

    def value(self, key: str):
        prop = self.property("contact", key)
        options = [option["value"] for option in prop.options]
        match prop.type:
            case "choice":
                return self.random.choice(options)
            case "multi_choice":
                return sorted(self.random.sample(options, 2))
            case "boolean":
                return self.random.random() < 0.5
            case _:
                return str(self.random.randrange(101))

    def change(self) -> tuple[Contact, dict]:
        """A contact and another value for one of its properties."""
        key, contact = self.random.choice(CHANGED), self.random.choice(self.contacts)
        value = self.value(key)
        while contact.value(self.property("contact", key)) == value:
            value = self.value(key)
        return contact, {key: value}
