"""The guided path of a new workspace to its first gated tab. Every app adds its own steps (AppConfig.ready)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from workspaces.models import Contact, Partner, Property

STEPS: list["Step"] = []


@dataclass(frozen=True)
class Step:
    """`done` is asked inside the workspace's transaction; `permission` is what doing it takes."""

    position: int
    title: str
    text: str
    route: str
    label: str
    permission: str
    done: Callable[[], bool]
    note: Callable[[], str] = str  # how far it is, in a few words
    instead: tuple[str, str, str] | None = None  # another way to it: route, words, permission


def register(step):
    STEPS.append(step)
    STEPS.sort(key=lambda step: step.position)


def for_member(member):
    """(step, address, whether it is done) of the steps that the member can take."""
    found = []
    for step in STEPS:
        address = _address(step.route)
        if address and member.may(step.permission):
            entry = {"step": step, "url": address, "done": step.done(), "note": step.note()}
            found.append(entry | {"instead": None if entry["done"] else _instead(step, member)})
    first = next((entry for entry in found if not entry["done"]), None)
    if first:
        first["next"] = True
    return found


def _instead(step, member):
    """(address, words) of the other way, where there is one for the member."""
    route, words, permission = step.instead or ("", "", "")
    address = _address(route) if route and member.may(permission) else None
    return (address, words) if address else None


def _address(route):
    try:
        return reverse(route)
    except NoReverseMatch:
        return None


def _has_partners():
    return Partner.objects.exists()


def _how_many():
    partners, contacts = Partner.objects.count(), Contact.objects.count()
    if not partners:
        return ""
    words = "1 partner" if partners == 1 else f"{partners:,} partners"
    return f"{words}, {contacts:,} contact{'' if contacts == 1 else 's'}"


def _are_described():
    """Somebody added a property, or gave a partner one of the choices that come ready."""
    if Property.objects.filter(built_in=False).exists():
        return True
    ready = Property.objects.filter(level="partner", built_in=True, type="choice").values_list(
        "number", flat=True
    )
    return Partner.objects.filter(raw__has_any_keys=[str(number) for number in ready]).exists()


register(
    Step(
        position=10,
        title="Add a partner",
        text="A company that sells for you, and the people there who will use the portal.",
        route="settings:new-partner",
        label="Add a partner",
        permission="partners.manage",
        done=_has_partners,
        note=_how_many,
        instead=("settings:crm_new", "Or connect your CRM, and they come from there", "crm.manage"),
    )
)
register(
    Step(
        position=20,
        title="Say what tells partners apart",
        text="Tier, phase and country are there already. Add what else decides who sees what.",
        route="settings:properties",
        label="Look at the properties",
        permission="properties.manage",
        done=_are_described,
    )
)
