"""Northwind Cloud: a vendor of cloud software with 300 partners and 2,000 contacts in eight countries."""

import datetime as dt
from dataclasses import dataclass

from introw.seeds.partners import Company, Person, invent
from workspaces.demo import DEMO_PEOPLE

TODAY = dt.date(2026, 11, 22)
PARTNERS, CONTACTS = 300, 2000


@dataclass(frozen=True)
class SegmentSeed:
    name: str
    level: str
    about: str
    rule: dict  # a group, or a condition by property key: {"p": "tier", "op": …, "v": …}


def condition(key, op, value=None, *, of="self", unknown=None, where=None):
    """`key` of a property, or what is asked beside them; `where`: a group of conditions on related records."""
    leaf = {"p": key, "of": of, "op": op}
    if where is not None:
        leaf["where"] = where
    if value is not None:
        leaf["v"] = value
    if unknown:
        leaf["unknown"] = unknown
    return leaf


def group(op, *items):
    return {"op": op, "items": list(items)}


SEGMENTS = (
    SegmentSeed(
        "Prospecting",
        "partner",
        "Have not signed yet. They see Getting started and nothing that needs a contract.",
        condition("phase", "is_any_of", ["prospecting"]),
    ),
    SegmentSeed(
        "Signed and onboarding",
        "partner",
        "Signed the contract and are being onboarded.",
        condition("phase", "is_any_of", ["signed_contract", "onboarding"]),
    ),
    SegmentSeed(
        "Active partners",
        "partner",
        "Onboarded and selling.",
        condition("phase", "is_any_of", ["active"]),
    ),
    SegmentSeed(
        "Gold partners",
        "partner",
        "Gold and Platinum: may make quotes and see prices.",
        condition("tier", "is_any_of", ["gold", "platinum"]),
    ),
    SegmentSeed(
        "DACH and Nordics, certified",
        "partner",
        "Certified partners in the regions of the winter campaign.",
        group(
            "all",
            condition("region", "is_any_of", ["dach", "north"]),
            condition("certified", "is_true"),
            condition("phase", "is_none_of", ["prospecting"], unknown="exclude"),
        ),
    ),
    SegmentSeed(
        "Large or specialised",
        "partner",
        "Many people, or skills in data platforms or Kubernetes.",
        group(
            "any",
            condition("employees", "gte", 250),
            condition("skills", "contains_any", ["data_platform", "kubernetes"]),
        ),
    ),
    SegmentSeed(
        "Closing large deals",
        "partner",
        "An open deal above 40,000 euro in proposal or negotiation.",
        condition(
            "records:deals",
            "any",
            where=group(
                "all",
                condition("stage", "is_any_of", ["proposal", "negotiation"]),
                condition("amount", "gte", {"a": 40000, "c": "EUR"}),
            ),
        ),
    ),
    SegmentSeed(
        "Quoting now",
        "partner",
        "Sent a quote in the last 30 days.",
        condition(
            "records:quotes",
            "any",
            where=group("all", condition("_sent", "within_last", {"n": 30, "unit": "day"})),
        ),
    ),
    SegmentSeed(
        "Certified teams",
        "partner",
        "At least three certified people, one of them an engineer.",
        group(
            "all",
            condition(
                "records:contacts", "at_least", 3, where=group("all", condition("certified", "is_true"))
            ),
            condition(
                "records:contacts",
                "any",
                where=group(
                    "all",
                    condition("role", "is_any_of", ["solutions_engineer"]),
                    condition("certified", "is_true"),
                ),
            ),
        ),
    ),
    SegmentSeed(
        "Gone quiet",
        "contact",
        "Have opened the portal before, but not in the last five days.",
        group(
            "all",
            condition("did:opened_portal", "at_least", {"n": 1}),
            condition("did:opened_portal", "never", {"within": {"n": 5, "unit": "day"}}),
        ),
    ),
    SegmentSeed(
        "Portal admins",
        "contact",
        "May edit their company's profile.",
        condition("role", "is_any_of", ["admin"]),
    ),
    SegmentSeed(
        "Sales reps of Gold partners",
        "contact",
        "Get the price lists first.",
        group(
            "all",
            condition("role", "is_any_of", ["sales_rep"]),
            condition("tier", "is_any_of", ["gold", "platinum"], of="partner"),
        ),
    ),
    SegmentSeed(
        "Certified engineers",
        "contact",
        "Solutions engineers with a certificate.",
        group(
            "all", condition("role", "is_any_of", ["solutions_engineer"]), condition("certified", "is_true")
        ),
    ),
)
LAUNCH_PILOTS = "Launch pilots"  # hand-picked

WELCOME = """Good to have you with us. This is where we share what helps you sell and run Northwind Cloud:

- **Your company** shows what we know about you. Something is wrong? Your admins can put it right.
- More opens as we work together: training when you sign, prices and quotes when you reach Gold.
- Questions? Write to partners@northwind.example, and a person answers.
"""
GETTING_STARTED = """Three steps, and the portal opens for you:

1. **Read the partner agreement** and send us your signature.
2. **Tell us who is who**: sales, technical and marketing contacts.
3. **Book the kick-off call**. It takes forty minutes.

As soon as the contract is signed, this page gives way to your onboarding plan.
You need not reload anything.
"""
ONBOARDING = """Welcome aboard. Your first thirty days:

| week | what | who |
| --- | --- | --- |
| 1 | Kick-off call and access to the demo environment | everybody |
| 2 | Sales training, two hours | sales reps |
| 3 | Architecture workshop | engineers |
| 4 | First joint customer call | you and us |
"""
PRICES = """List prices are in euro and without tax. Gold partners buy at **22 %** below list, Platinum at **28 %**.

Quotes you make here carry the price of the day you made them: a later price change does not touch them.
"""
CO_MARKETING = """Pick a campaign, add your logo, and tell us the date. We prepare pages and mails in your language.

The winter campaign *Move before the frost* runs until the end of February.
"""
TECHNICAL = """Reference architectures, sizing sheets and the migration checklist. Please do not pass them on.

- Object storage: three sites, one namespace
- Backup into a second region
- Kubernetes with customer-managed keys
"""
PRODUCTS = (
    ("Object Storage, 1 TB a month", "OBJ-1T", "18.50"),
    ("Object Storage, 50 TB a month", "OBJ-50T", "790.00"),
    ("Managed Kubernetes, small", "K8S-S", "240.00"),
    ("Managed Kubernetes, large", "K8S-L", "1180.00"),
    ("Backup vault, 1 TB a month", "BKP-1T", "12.00"),
    ("Private link, 1 Gbit/s", "NET-1G", "320.00"),
    ("Migration workshop, one day", "SRV-WS", "1450.00"),
    ("Premium support, a month", "SUP-P", "590.00"),
)
QUOTES = (
    ("Alpenbank", (("OBJ-50T", 2, 5), ("SUP-P", 12, 0)), "sent"),
    ("Kanton Zug, pilot", (("K8S-S", 3, 0), ("SRV-WS", 2, 10)), "sent"),
    ("Rivella Logistics", (("OBJ-1T", 40, 0), ("BKP-1T", 40, 0), ("NET-1G", 1, 0)), "draft"),
)


def companies():
    """The demo's people at their own partners, and the rest invented around them."""
    invented = invent(PARTNERS - 2, CONTACTS - 7, seed=7, today=TODAY)
    return [_brightpath(), _kestrel(), *invented]


def _brightpath():
    values = {
        "name": "Brightpath",
        "website": "https://www.brightpath.example",
        "tier": "gold",
        "phase": "active",
        "country": "Switzerland",
        "region": "dach",
        "partner_type": "reseller",
        "industry": "public_sector",
        "employees": "34",
        "annual_revenue": {"amount": "6400000", "currency": "EUR"},
        "partner_since": "2023-04-17",
        "certified": True,
        "skills": ["backup", "migration"],
        "vat_number": "CHE-114.203.775",
        "about": "Cloud migrations for cantons and public hospitals.",
        "terms_accepted": True,
    }
    colleagues = [
        _person("Beat", "Suter", "brightpath.example", "solutions_engineer", "Cloud architect", True)
    ]
    return Company("Brightpath", "brightpath.example", values, [*_demo_people("Brightpath"), *colleagues])


def _kestrel():
    values = {
        "name": "Kestrel IT",
        "website": "https://kestrel-it.example",
        "tier": "silver",
        "phase": "prospecting",
        "country": "Italy",
        "region": "south",
        "partner_type": "service_provider",
        "industry": "manufacturing",
        "employees": "12",
        "partner_since": "2026-10-05",
        "skills": ["networking"],
        "certified": False,
    }
    colleagues = [_person("Luca", "Gallo", "kestrel-it.example", "sales_rep", "Account executive", False)]
    return Company("Kestrel IT", "kestrel-it.example", values, [*_demo_people("Kestrel IT"), *colleagues])


def _demo_people(partner):
    people = []
    for person in DEMO_PEOPLE:
        for place in person.places:
            if place.partner == partner:
                first, _, last = person.name.partition(" ")
                values = {
                    "name": person.name,
                    "email": person.email,
                    "role": place.role,
                    "language": "English",
                }
                people.append(Person(first, last, person.email, values))
    return people


def _person(first, last, domain, role, job, certified):
    email = f"{first}.{last}@{domain}".lower()
    values = {
        "name": f"{first} {last}",
        "email": email,
        "role": role,
        "job_title": job,
        "certified": certified,
    }
    return Person(first, last, email, values)
