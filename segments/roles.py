"""The built-in segments: one for each partner role, kept by the product so that audiences can name roles."""

from segments import editing
from segments.models import Segment
from segments.rules.tree import new_tree
from workspaces.actors import SYSTEM
from workspaces.models import Property

PREFIX = "role:"


def keep(role: Property) -> None:
    """A segment for every option; one whose option is gone is archived, and so closes its gates."""
    options = {PREFIX + option["value"]: option for option in role.options} if not role.archived_at else {}
    known = {s.built_in_key: s for s in Segment.objects.filter(built_in_key__startswith=PREFIX)}
    for key, option in options.items():
        if key in known:
            _update(known[key], option)
        else:
            _create(key, option, role)
    for key, segment in known.items():
        if key not in options and segment.archived_at is None:
            editing.archive(segment, by=SYSTEM)


def _create(key: str, option: dict, role: Property) -> None:
    editing.create(
        level="contact",
        kind=Segment.Kind.DYNAMIC,
        name=_name(option),
        description="Kept by the portal: everybody who has this role.",
        tree=new_tree("contact", {"p": role.number, "of": "self", "op": "is_any_of", "v": [option["value"]]}),
        by=SYSTEM,
        built_in_key=key,
    )


def _update(segment: Segment, option: dict) -> None:
    if segment.archived_at is not None:
        editing.restore(segment, by=SYSTEM)
    if segment.name != _name(option):
        segment.name = _name(option)
        segment.save(update_fields=["name"])


def _name(option: dict) -> str:
    return f"Role is {option['label']}"[:100]
