"""Three segments that most workspaces begin with."""

from dataclasses import dataclass

from segments.rules.fields import Fields
from segments.rules.tree import new_tree


@dataclass(frozen=True)
class Recipe:
    key: str
    title: str
    text: str
    icon: str
    level: str
    field: str
    values: tuple[str, ...]

    @property
    def initial(self) -> dict:
        return {"level": self.level, "kind": "dynamic", "name": self.title}

    def tree(self, fields: Fields) -> dict | None:
        """With the options that this workspace still has; without the property it starts empty."""
        found = next((f for f in fields.asked() if f.key == self.field and f.of == "self"), None)
        if found is None:
            return None
        values = [value for value in self.values if value in dict(found.options)]
        leaf = {"p": found.number, "of": "self", "op": "is_any_of", "v": values}
        return new_tree(self.level, leaf)


RECIPES = {
    recipe.key: recipe
    for recipe in (
        Recipe(
            "onboarding",
            "Onboarding",
            "Show “Getting started” until the contract is signed, then open the rest.",
            "unlock",
            "partner",
            "phase",
            ("prospecting", "onboarding"),
        ),
        Recipe(
            "gold",
            "Gold tier",
            "Partners whose tier is Gold or better: prices, deal registration, support.",
            "award",
            "partner",
            "tier",
            ("gold", "platinum"),
        ),
        Recipe(
            "sales",
            "Sales reps",
            "People with the role Sales rep, at any partner. Technical pages stay out of their way.",
            "people",
            "contact",
            "role",
            ("sales_rep",),
        ),
    )
}
