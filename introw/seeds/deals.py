"""Deals and leads over the demo's partners, as a CRM would have brought them: most open, some won, some lost."""

import datetime as dt
import random

from django.utils import timezone

from portal.deals import attributed
from portal.deals.attributed import Coming
from portal.deals.models import AttributedRecord, Collaborator
from workspaces.models import Contact

CUSTOMERS = (
    *("Alpenbank", "Kanton Zug", "Helvetia Logistik", "Stadtwerke Ulm", "Medicor Kliniken", "Hansewerft"),
    *("Polder Foods", "Rijnstaal", "Lindqvist Skog", "Bergen Seafood", "Novatec Werkzeuge", "Trentino Latte"),
    *(
        "Banco Ribeira",
        "Vall d’Or Hotels",
        "Aurelia Pharma",
        "Donau Energie",
        "Graubünden Kraft",
        "Wiesenhof",
    ),
    *("Ostsee Reederei", "Mistral Avions", "Tessiner Versicherung", "Kulmer Optik", "Sankt Gallen Spital"),
)
WORK = (
    "object storage",
    "backup for the branches",
    "Kubernetes platform",
    "disaster recovery",
    "private cloud",
    "archive for ten years",
    "data platform",
    "move to the cloud",
    "managed firewall",
)
DEAL_STAGES = (
    ("qualification", 22),
    ("discovery", 20),
    ("proposal", 18),
    ("negotiation", 12),
    ("closed_won", 18),
    ("closed_lost", 10),
)
LEAD_STAGES = (("new", 40), ("contacted", 30), ("qualified", 18), ("disqualified", 12))


def plant(partners, *, owners, today, by):
    """Three partners of four have some; those of the sign-in links have enough to look at. By level."""
    r, planted = random.Random("deals"), {}  # noqa: S311  invented data, not a secret
    for level, most, stages in (("deal", 5, DEAL_STAGES), ("lead", 3, LEAD_STAGES)):
        coming = [
            _one(r, level, partner, stages, owners=owners, today=today)
            for partner in partners
            for _ in range(_count(r, partner, most))
        ]
        made = attributed.create_many(coming, by=by)
        _spread(r, made, timezone.now())
        _collaborate(r, made, partners)
        planted[level] = made
    return planted


def _count(r, partner, most):
    if partner.name in ("Brightpath", "Kestrel IT"):
        return most * 2
    return r.randrange(1, most) if r.random() < 0.75 else 0


def _one(r, level, partner, stages, *, owners, today):
    customer, work = r.choice(CUSTOMERS), r.choice(WORK)
    (stage,) = r.choices([key for key, _ in stages], [weight for _, weight in stages])
    values = {
        "name": f"{customer}, {work}",
        "stage": stage,
        "source": r.choice(("partner", "partner", "vendor", "together")),
        "owner": str(r.choice(owners).pk),
    }
    if level == "deal" or r.random() < 0.5:
        amount = round(r.lognormvariate(10.2, 0.8) / 100) * 100
        values["amount"] = {"amount": str(amount), "currency": "EUR" if r.random() < 0.9 else "CHF"}
    if level == "deal":
        ahead = r.randrange(-200, 0) if stage.startswith("closed") else r.randrange(3, 150)
        values |= {"customer": customer, "close_date": (today + dt.timedelta(days=ahead)).isoformat()}
    else:
        values["company"] = customer
    return Coming(level, values, partner)


def _spread(r, records, now):
    """They came over the last year, not all this minute."""
    for record in records:
        created = now - dt.timedelta(days=r.randrange(2, 330), minutes=r.randrange(1440))
        record.created_at = created
        record.changed_at = created + (now - created) * r.random()
        record.stage_at = record.changed_at
        record.closed_at = record.changed_at if record.closed_at else None
    fields = ["created_at", "changed_at", "stage_at", "closed_at"]
    AttributedRecord.objects.bulk_update(records, fields, batch_size=500)


def _collaborate(r, records, partners):
    people: dict = {}
    for contact in Contact.objects.filter(partner__in=partners).order_by("pk"):
        people.setdefault(contact.partner_id, []).append(contact)
    rows = [
        Collaborator(record=record, contact=contact, added_by="HubSpot", from_crm=r.random() < 0.6)
        for record in records
        for contact in _some(r, people.get(record.partner_id, []))
    ]
    Collaborator.objects.bulk_create(rows, batch_size=500)


def _some(r, people):
    return r.sample(people, min(r.randrange(3), len(people)))
