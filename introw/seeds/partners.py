"""Invents partners and contacts, always the same ones for the same seed."""

import datetime as dt
import random
import re
import unicodedata
from dataclasses import dataclass, field

from introw.seeds.names import COUNTRIES, JOBS, TRADES

TIERS = (("registered", 34), ("silver", 36), ("gold", 21), ("platinum", 9))
PHASES = (("prospecting", 14), ("signed_contract", 8), ("onboarding", 18), ("active", 60))
ROLES = (
    ("sales_rep", 46),
    ("solutions_engineer", 24),
    ("partner_manager", 10),
    ("marketing", 10),
    ("admin", 10),
)
KINDS = (("reseller", 50), ("service_provider", 28), ("technology", 14), ("distributor", 8))
INDUSTRIES = ("software", "finance", "health", "public_sector", "retail", "manufacturing", "education")
SKILLS = ("migration", "backup", "security", "kubernetes", "data_platform", "networking")


@dataclass
class Person:
    first: str
    last: str
    email: str
    values: dict


@dataclass
class Company:
    name: str
    domain: str
    values: dict
    people: list[Person] = field(default_factory=list)


def invent(partners, contacts, *, seed, today):
    """`partners` companies with `contacts` people among them, a few large and many small ones."""
    rng = random.Random(seed)  # noqa: S311  invented data, not a secret
    companies: list[Company] = []
    taken: set[str] = set()
    while len(companies) < partners:
        company = _company(rng, today)
        if company.name not in taken:
            taken.add(company.name)
            companies.append(company)
    sizes = _sizes(rng, partners, contacts)
    for company, size in zip(companies, sizes, strict=True):
        country = next(c for c in COUNTRIES if c.name == company.values["country"])
        company.people = _people(rng, company, country, size)
    return companies


def _company(rng, today):
    country = rng.choice(COUNTRIES)
    name = f"{rng.choice(country.words)} {rng.choice((*TRADES, *country.suffixes))}"
    if rng.random() < 0.45:
        name = f"{rng.choice(country.words)} {rng.choice(TRADES)} {rng.choice(country.suffixes)}"
    domain = f"{_ascii(name)}.example"
    phase = _weighted(rng, PHASES)
    tier = "registered" if phase in {"prospecting", "signed_contract"} else _weighted(rng, TIERS)
    values = {
        "name": name,
        "website": f"https://www.{domain}",
        "tier": tier,
        "phase": phase,
        "country": country.name,
        "region": country.region,
        "partner_type": _weighted(rng, KINDS),
        "industry": rng.choice(INDUSTRIES),
        "employees": str(int(rng.lognormvariate(3.8, 1.1)) + 2),
        "partner_since": (today - dt.timedelta(days=rng.randrange(20, 2400))).isoformat(),
        "certified": tier in {"gold", "platinum"} or rng.random() < 0.25,
        "skills": sorted(rng.sample(SKILLS, rng.randrange(1, 4))),
    }
    if rng.random() < 0.8:
        values["annual_revenue"] = {"amount": str(rng.randrange(4, 400) * 50_000), "currency": "EUR"}
    if rng.random() < 0.12:
        del values["region"]  # blanks are part of real data
    return Company(name, domain, values)


def _sizes(rng, partners, contacts):
    weights = [rng.paretovariate(1.3) for _ in range(partners)]
    total = sum(weights)
    sizes = [max(1, int(weight / total * contacts)) for weight in weights]
    while (difference := contacts - sum(sizes)) != 0:
        index = rng.randrange(partners)
        if difference > 0 or sizes[index] > 1:
            sizes[index] += 1 if difference > 0 else -1
    return sizes


def _people(rng, company, country, size):
    people: list[Person] = []
    taken: set[str] = set()
    while len(people) < size:
        first, last = rng.choice(country.first_names), rng.choice(country.last_names)
        local = f"{_ascii(first)}.{_ascii(last)}"
        if local in taken:
            local += str(sum(other.startswith(local) for other in taken) + 1)
        taken.add(local)
        role = "admin" if not people else _weighted(rng, ROLES)
        values = {
            "name": f"{first} {last}",
            "email": f"{local}@{company.domain}",
            "role": role,
            "language": country.language if rng.random() < 0.85 else "English",
            "job_title": rng.choice(JOBS[role]),
            "certified": rng.random() < 0.4,
        }
        if rng.random() < 0.6:
            values["phone"] = f"{country.phone} {rng.randrange(20, 99)} {rng.randrange(100000, 999999)}"
        people.append(Person(first, last, values["email"], values))
    return people


def _weighted(rng, pairs):
    return rng.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


def _ascii(text):
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
