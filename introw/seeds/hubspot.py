"""What the stand-in HubSpot holds: the same partners and contacts, in HubSpot's words."""

from introw.seeds.workspaces import COMPANY_FIELDS, CONTACT_FIELDS

ACCOUNT, APP = "24680135", "7711"
TOKEN, SECRET = "pat-standin", "standin-secret"  # the stand-in's own, known to everybody
LONG_AGO = "2026-11-01T08:00:00.000Z"  # nothing that the first sweep has to look at
FIRST_COMPANY, FIRST_CONTACT = 512_000_001, 77_001
WIDGETS = {
    "text": ("string", "text"),
    "long_text": ("string", "textarea"),
    "url": ("string", "text"),
    "email": ("string", "text"),
    "phone": ("string", "phonenumber"),
    "number": ("number", "number"),
    "date": ("date", "date"),
    "boolean": ("bool", "booleancheckbox"),
    "choice": ("enumeration", "select"),
    "multi_choice": ("enumeration", "checkbox"),
}


def account(companies, properties, more):
    """The account as the stand-in loads it. `properties`: ours by (level, key); `more`: of deals and leads."""
    objects: dict[str, list[dict]] = {"companies": [], "contacts": []}
    for index, company in enumerate(companies):
        company_id = FIRST_COMPANY + index
        values = wire(COMPANY_FIELDS, "partner", company.values, properties)
        objects["companies"].append(
            {"id": str(company_id), "properties": {**values, "domain": company.domain}}
        )
        for person in company.people:
            values = wire(CONTACT_FIELDS, "contact", person.values, properties)
            names = {"firstname": person.first, "lastname": person.last}
            contact_id = FIRST_CONTACT + len(objects["contacts"])
            objects["contacts"].append({"id": str(contact_id), "properties": {**values, **names}})
    definitions = {
        "companies": [definition(field, properties["partner", key]) for field, key, _ in COMPANY_FIELDS],
        "contacts": [definition(field, properties["contact", key]) for field, key, _ in CONTACT_FIELDS],
    }
    associations = [*_employed(companies), *more["associations"]]
    objects |= more["objects"]
    for records in objects.values():
        for record in records:
            record["updatedAt"] = LONG_AGO
    beside = {"pipelines": more["pipelines"], "owners": more["owners"], "associations": associations}
    return {"portalId": int(ACCOUNT), "properties": definitions, "objects": objects, **beside}


def _employed(companies):
    """Whose people the contacts are."""
    number = FIRST_CONTACT
    for index, company in enumerate(companies):
        for _ in company.people:
            yield ["contacts", str(number), "companies", str(FIRST_COMPANY + index), True]
            number += 1


def definition(field, prop):
    kind, widget = WIDGETS[prop.type]
    entry = {"name": field, "label": prop.label, "type": kind, "fieldType": widget}
    if prop.type == "boolean":
        entry["options"] = [_option("true", "Yes", 0), _option("false", "No", 1)]
    if prop.has_options:
        entry["options"] = [_option(o["value"], o["label"], n) for n, o in enumerate(prop.options)]
    return entry


def wire(fields, level, values, properties):
    """HubSpot speaks strings only."""
    spoken = {}
    for field, key, _ in fields:
        value = values.get(key)
        if value is None or (level, key) not in properties:
            continue
        if isinstance(value, bool):
            value = "true" if value else "false"
        spoken[field] = ";".join(value) if isinstance(value, list) else str(value)
    return spoken


def _option(value, label, order):
    return {"value": value, "label": label, "displayOrder": order, "hidden": False}
