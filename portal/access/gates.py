"""Who can see this: the thing behind an audience, and the contacts whom all of its gates let in."""

from dataclasses import dataclass
from typing import Any

from portal.experiences import reach
from portal.experiences.models import Section
from segments import uses
from segments.insiders import people
from segments.models import Audience
from segments.uses import Use


@dataclass(frozen=True)
class Thing:
    """What the audience is asked for, and the gates that one passes on the way to it."""

    use: Use
    audiences: list[Audience]

    @property
    def words(self) -> list[str]:
        return [uses.in_words(audience).text for audience in self.audiences]

    def seen_by(self):
        return people().filter(reach.all_of(self.audiences)).select_related("partner").order_by("name", "pk")


def behind(audience: Audience) -> Thing | None:
    for model, field in uses.gates():
        thing: Any = model.objects.filter(**{field: audience}).first()
        if thing is not None:
            tell = getattr(thing, "gate_use", None)
            use = tell() if tell else Use(kind=str(model._meta.verbose_name), name=str(thing))
            outer = [thing.tab.audience] if isinstance(thing, Section) else []
            return Thing(use, [*outer, audience])
    return None
