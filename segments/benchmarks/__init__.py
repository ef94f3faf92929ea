"""How long one changed property takes with many segments, and a page's question who looks."""

import random

from django.db import connection

from segments import editing
from segments.models import Segment
from segments.rules.tree import new_tree
from segments.viewer import viewer_of
from workspaces.actors import SYSTEM
from workspaces.measuring import Figure, benchmark, percentile, timed
from workspaces.models import Contact, Partner, Property, Workspace
from workspaces.properties import Edit, set_many, set_properties
from workspaces.setup import set_up_workspace
from workspaces.tenancy import workspace_transaction

TIERS = ["registered", "silver", "gold", "platinum"]
PHASES = ["prospecting", "signed_contract", "onboarding", "active"]
ROLES = ["sales_rep", "solutions_engineer", "partner_manager", "marketing", "admin"]
COUNTRIES = ["Norway", "Spain", "Italy", "Japan", "Kenya", "Chile"]


@benchmark("segments", segments=200, partners=100, contacts=2000)
def one_change(segments: int, partners: int, contacts: int) -> list[Figure]:
    """One changed property: locks, write, memberships, history and commit."""
    workspace = _workspace(partners, contacts)
    _make_segments(workspace, segments)
    r = random.Random(7)  # noqa: S311 the same run every time
    with workspace_transaction(workspace):
        people = list(Contact.objects.values_list("pk", flat=True))
        companies = list(Partner.objects.values_list("pk", flat=True))

    def change_contact():
        with workspace_transaction(workspace):
            contact = Contact.objects.get(pk=r.choice(people))
            set_properties(contact, {"role": r.choice(ROLES)}, by=SYSTEM)

    def change_partner():
        with workspace_transaction(workspace):
            partner = Partner.objects.get(pk=r.choice(companies))
            set_properties(partner, {"tier": r.choice(TIERS)}, by=SYSTEM)

    def look():
        with workspace_transaction(workspace, snapshot=True):
            contact = Contact.objects.select_related("partner").get(pk=r.choice(people))
            viewer_of(contact)

    each = contacts // partners
    return [
        *_figures("change of a contact", timed(change_contact, times=200), 10),
        *_figures(f"change of a partner with {each} contacts", timed(change_partner, times=100), None),
        *_figures("who looks, with its transaction", timed(look, times=200), None),
    ]


def _figures(name: str, samples: list[float], bar: float | None) -> list[Figure]:
    return [
        Figure(f"{name}, median", percentile(samples, 50), "ms"),
        Figure(f"{name}, p95", percentile(samples, 95), "ms", bar),
    ]


def _workspace(partners: int, contacts: int) -> Workspace:
    number = Workspace.objects.count()
    workspace = Workspace.objects.create(slug=f"bench-segments-{number}", name="Bench")
    with workspace_transaction(workspace):
        set_up_workspace(workspace)
        companies = [Partner(workspace=workspace) for _ in range(partners)]
        set_many([_company(partner, n) for n, partner in enumerate(companies)], by=SYSTEM)
        people = [Contact(workspace=workspace, partner=companies[n % partners]) for n in range(contacts)]
        set_many([_person(contact, n) for n, contact in enumerate(people)], by=SYSTEM)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return workspace


def _company(partner: Partner, n: int) -> Edit:
    values = {
        "name": f"Company {n}",
        "tier": TIERS[n % 4],
        "phase": PHASES[n % 3],
        "country": COUNTRIES[n % 6],
    }
    return Edit(partner, values, created=True)


def _person(contact: Contact, n: int) -> Edit:
    values = {"email": f"p{n}@bench.example", "name": f"Person {n}", "role": ROLES[n % 5]}
    return Edit(contact, values, partner=contact.partner, created=True)


def _make_segments(workspace: Workspace, count: int) -> None:
    """Two thirds ask about the partner, all about one to four properties."""
    r = random.Random(11)  # noqa: S311
    with workspace_transaction(workspace):
        numbers = {(p.level, p.key): p.number for p in Property.objects.all()}
        for n in range(count):
            level = Segment.Level.PARTNER if n % 5 == 0 else Segment.Level.CONTACT
            tree = new_tree(level, *_items(r, numbers, level), op=r.choice(["all", "all", "any"]))
            editing.create(level=level, kind=Segment.Kind.DYNAMIC, name=f"Segment {n}", tree=tree, by=SYSTEM)


def _items(r: random.Random, numbers: dict, level: str) -> list[dict]:
    side = "self" if level == "partner" else "partner"
    kinds = [("partner", "tier", TIERS), ("partner", "phase", PHASES)]
    if level == "contact":
        kinds.append(("contact", "role", ROLES))
    items = []
    for of_level, key, options in r.choices(kinds, k=r.randint(1, 3)):
        of = "self" if of_level == level else side
        op = r.choice(["is_any_of", "is_any_of", "is_none_of"])
        values = sorted(r.sample(options, r.randint(1, 2)))
        items.append({"p": numbers[of_level, key], "of": of, "op": op, "v": values})
    return [*items, {"p": numbers["partner", "country"], "of": side, "op": "contains", "v": r.choice("aeio")}]
