"""Fjordlight: a small second vendor. Nothing of it may ever show up at Northwind."""

from introw.seeds.names import COUNTRIES
from introw.seeds.northwind import SegmentSeed, condition
from introw.seeds.partners import invent

PARTNERS, CONTACTS = 9, 24
SEGMENTS = (
    SegmentSeed(
        "Studios in Sweden", "partner", "Photo studios at home.", condition("country", "eq", "Sweden")
    ),
    SegmentSeed("Gold studios", "partner", "Our best.", condition("tier", "is_any_of", ["gold", "platinum"])),
)
TABS = (
    (
        "Welcome",
        (),
        (("rich_text", "Hej", "Lighting for studios that travel light."), ("deals", "Your projects", "")),
    ),
    ("Trade prices", ("Gold studios",), (("rich_text", "Trade prices", "List price minus **30 %**."),)),
)


def companies(today):
    sweden = next(country for country in COUNTRIES if country.name == "Sweden")
    found = invent(PARTNERS, CONTACTS, seed=11, today=today)
    for company in found[:5]:
        company.values |= {"country": sweden.name}
    plain = {"name", "website", "tier", "phase", "country"}
    for company in found:
        company.values = {key: value for key, value in company.values.items() if key in plain}
        for person in company.people:
            person.values = {key: person.values[key] for key in ("name", "email", "role", "language")}
    return found
