"""What of deals and leads partners are shown. The name always is; what the CRM knows beside stays with the team
until somebody shares it: a property that nobody chose is never shown."""

from functools import cached_property

from portal.deals.models import Sharing
from workspaces import known_properties

USUAL = {
    "deal": ("stage", "amount", "close_date", "customer", "source"),
    "lead": ("stage", "company", "amount", "source"),
}
COLUMNS = ("stage", "amount", "close_date")  # those that lists and sums are made of


class Shared:
    """The shared properties of a level, in their order, read once."""

    def __init__(self, level):
        self.level = level

    @cached_property
    def all(self):
        """Every live property of the level, by key, the name first."""
        return known_properties.current().by_key[self.level]

    @cached_property
    def properties(self):
        numbers = self._chosen()
        known = {prop.number: prop for prop in self.all.values() if prop.key != "name"}
        return [known[number] for number in numbers if number in known]

    @cached_property
    def keys(self):
        return {prop.key for prop in self.properties if prop.built_in}

    @property
    def stages(self):
        """The options of the stage, if partners are shown it."""
        return self.all["stage"].options if "stage" in self.keys else []

    def labels(self, numbers):
        return [prop.label for prop in self.properties if prop.number in numbers]

    def _chosen(self):
        found = Sharing.objects.filter(level=self.level).values_list("numbers", flat=True).first()
        if found is not None:
            return found
        return [self.all[key].number for key in USUAL[self.level] if key in self.all]


def share(level, properties):
    """These from now on, in this order."""
    numbers = [prop.number for prop in properties]
    Sharing.objects.update_or_create(level=level, defaults={"numbers": numbers})
