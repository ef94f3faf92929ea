"""The people that demo data brings along and that one may become by a link (workspaces/demo_views.py)."""

from dataclasses import dataclass, field

SLUG = "northwind"


@dataclass(frozen=True)
class Place:
    """One partner that a demo contact works for, and as what."""

    partner: str
    role: str


@dataclass(frozen=True)
class DemoPerson:
    key: str  # in the link
    name: str
    email: str
    label: str  # who
    reason: str  # what there is to see as this person
    access: str = ""  # of a team member
    places: tuple[Place, ...] = field(default=())  # of a contact
    workspace: str = SLUG

    @property
    def kind(self):
        return "team" if self.access else "contact"

    @property
    def starts_at(self):
        """Where one lands: Settings, the portal, or the choice between partners."""
        if self.access:
            return f"/{self.workspace}/settings/"
        return f"/{self.workspace}/" if len(self.places) == 1 else "/workspaces/"


DEMO_PEOPLE = (
    DemoPerson(
        "lea",
        "Lea Brandt",
        "lea@northwind.example",
        "Admin of Northwind",
        "settings: segments, experiences, partners, quotes",
        access="admin",
    ),
    DemoPerson(
        "maya",
        "Maya Lindqvist",
        "maya@northwind.example",
        "Partner manager at Northwind",
        "settings, changing only the partners she looks after",
        access="manager",
    ),
    DemoPerson(
        "astrid",
        "Astrid Nyström",
        "astrid@fjordlight.example",
        "Admin of Fjordlight",
        "the other vendor and the other CRM: Salesforce, its mapping and its health",
        access="admin",
        workspace="fjordlight",
    ),
    DemoPerson(
        "ana",
        "Ana Keller",
        "ana.keller@brightpath.example",
        "Admin at Brightpath (Gold)",
        "edits the profile, makes quotes",
        places=(Place("Brightpath", "admin"),),
    ),
    DemoPerson(
        "jonas",
        "Jonas Weber",
        "jonas.weber@brightpath.example",
        "Sales rep at Brightpath (Gold)",
        "sees the profile read-only, and only the deals he collaborates on",
        places=(Place("Brightpath", "sales_rep"),),
    ),
    DemoPerson(
        "chiara",
        "Chiara Rossi",
        "chiara.rossi@kestrel-it.example",
        "Admin at Kestrel IT (Silver, Prospecting)",
        "Getting started only",
        places=(Place("Kestrel IT", "admin"),),
    ),
    DemoPerson(
        "tomas",
        "Tomás Silva",
        "tomas.silva@mail.example",
        "Contact of two partners",
        "chooses between Brightpath and Kestrel IT",
        places=(Place("Brightpath", "marketing"), Place("Kestrel IT", "solutions_engineer")),
    ),
)
BY_KEY = {person.key: person for person in DEMO_PEOPLE}
