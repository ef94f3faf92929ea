"""The properties that a fresh account has."""

from typing import Any

TIERS = [("registered", "Registered"), ("silver", "Silver"), ("gold", "Gold"), ("platinum", "Platinum")]
PHASES = [
    ("prospecting", "Prospecting"),
    ("signed_contract", "Signed contract"),
    ("onboarding", "Onboarding"),
    ("active", "Active"),
]
ROLES = [
    ("sales_rep", "Sales rep"),
    ("solutions_engineer", "Solutions engineer"),
    ("partner_manager", "Partner manager"),
    ("marketing", "Marketing"),
    ("admin", "Admin"),
]
TYPES = [("reseller", "Reseller"), ("referral", "Referral"), ("technology", "Technology"), ("msp", "MSP")]
REGIONS = [("emea", "EMEA"), ("apac", "Asia / Pacific"), ("amer", "Americas")]
STAMP = "2026-01-05T09:10:11.123Z"


def definition(
    name: str,
    label: str,
    type_: str = "string",
    widget: str = "text",
    options: list[tuple[str, str]] | None = None,
    *,
    read_only: bool = False,
    defined_by_hubspot: bool = True,
) -> dict[str, Any]:
    """A property as HubSpot describes it."""
    rights = {"archivable": True, "readOnlyDefinition": False, "readOnlyOptions": False}
    return {
        "name": name,
        "label": label,
        "type": type_,
        "fieldType": widget,
        "groupName": "companyinformation",
        "description": "",
        "options": [
            {"label": text, "value": value, "displayOrder": order, "hidden": False}
            for order, (value, text) in enumerate(options or [])
        ],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": False,
        "hasUniqueValue": False,
        "hidden": False,
        "hubspotDefined": defined_by_hubspot,
        "modificationMetadata": rights | {"readOnlyValue": read_only},
        "formField": not read_only,
        "dataSensitivity": "non_sensitive",
        "archived": False,
        "createdAt": STAMP,
        "updatedAt": STAMP,
    }


def own(name: str, label: str, type_: str, widget: str, options: list[tuple[str, str]] | None = None):
    return definition(name, label, type_, widget, options, defined_by_hubspot=False)


def system(name: str, label: str, type_: str, widget: str) -> dict[str, Any]:
    return definition(name, label, type_, widget, read_only=True)


COMPANY = [
    definition("name", "Company name"),
    definition("domain", "Company domain name"),
    definition("website", "Website URL"),
    definition("phone", "Phone number", "string", "phonenumber"),
    definition("industry", "Industry"),
    definition("country", "Country/Region"),
    definition("city", "City"),
    definition("description", "Description", "string", "textarea"),
    definition("numberofemployees", "Number of employees", "number", "number"),
    definition("annualrevenue", "Annual revenue", "number", "number"),
    own("partner_tier", "Partner tier", "enumeration", "select", TIERS),
    own("partner_phase", "Partner phase", "enumeration", "select", PHASES),
    own("partner_type", "Partner type", "enumeration", "select", TYPES),
    own("partner_regions", "Partner regions", "enumeration", "checkbox", REGIONS),
    own("partner_since", "Partner since", "date", "date"),
    own("is_certified", "Certified", "bool", "booleancheckbox", [("true", "Yes"), ("false", "No")]),
    definition("hubspot_owner_id", "Company owner", "enumeration", "select"),
    system("hs_object_id", "Record ID", "number", "number"),
    system("createdate", "Create date", "datetime", "date"),
    system("hs_lastmodifieddate", "Last modified date", "datetime", "date"),
]
CONTACT = [
    definition("email", "Email"),
    definition("firstname", "First name"),
    definition("lastname", "Last name"),
    definition("phone", "Phone number", "string", "phonenumber"),
    definition("jobtitle", "Job title"),
    own("partner_role", "Partner role", "enumeration", "select", ROLES),
    system("hs_object_id", "Record ID", "number", "number"),
    system("createdate", "Create date", "datetime", "date"),
    system("lastmodifieddate", "Last modified date", "datetime", "date"),
]
DEAL = [
    definition("dealname", "Deal name"),
    definition("amount", "Amount", "number", "number"),
    definition("dealstage", "Deal stage", "enumeration", "radio"),
    definition("pipeline", "Pipeline", "enumeration", "select"),
    definition("closedate", "Close date", "datetime", "date"),
    definition("deal_currency_code", "Currency", "enumeration", "select", [("EUR", "EUR"), ("USD", "USD")]),
    definition("hubspot_owner_id", "Deal owner", "enumeration", "select"),
    system("hs_object_id", "Record ID", "number", "number"),
    system("createdate", "Create date", "datetime", "date"),
    system("hs_lastmodifieddate", "Last modified date", "datetime", "date"),
]
LEAD = [
    definition("hs_lead_name", "Lead name"),
    definition("hs_lead_label", "Lead label"),
    definition("hs_pipeline", "Pipeline", "enumeration", "select"),
    definition("hs_pipeline_stage", "Lead stage", "enumeration", "select"),
    definition("hubspot_owner_id", "Lead owner", "enumeration", "select"),
    system("hs_object_id", "Record ID", "number", "number"),
    system("createdate", "Create date", "datetime", "date"),
    system("hs_lastmodifieddate", "Last modified date", "datetime", "date"),
]
# Their values are kept elsewhere, and no option is listed with them.
for item in (*COMPANY, *DEAL, *LEAD):
    if item["name"] in ("dealstage", "pipeline", "hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id"):
        item["externalOptions"] = True
    if item["name"] == "hubspot_owner_id":
        item["referencedObjectType"] = "OWNER"
for item in (*COMPANY, *CONTACT, *DEAL):
    if item["name"] == "hs_object_id":
        item["hasUniqueValue"] = True
for fields in (COMPANY, CONTACT, DEAL, LEAD):
    fields.append(system("hs_merged_object_ids", "Merged record IDs", "enumeration", "checkbox"))
for fields, noun in ((COMPANY, "company"), (CONTACT, "contact"), (DEAL, "deal"), (LEAD, "lead")):
    fields.append(own("partner_portal_id", f"Partner portal {noun} ID", "string", "text"))
    fields[-1]["hasUniqueValue"] = True
FRESH = {"companies": COMPANY, "contacts": CONTACT, "deals": DEAL, "leads": LEAD}
MODIFIED = {
    "companies": "hs_lastmodifieddate",
    "contacts": "lastmodifieddate",
    "deals": "hs_lastmodifieddate",
    "leads": "hs_lastmodifieddate",
}


def _owner(id_: str, user: int, first: str, last: str, *, archived: bool = False) -> dict[str, Any]:
    email = f"{first}.{last}@vendor.example".lower()
    named = {"id": id_, "email": email, "firstName": first, "lastName": last, "userId": user}
    return named | {"createdAt": STAMP, "updatedAt": STAMP, "archived": archived}


OWNERS = [
    _owner("41629779", 9586504, "Mia", "Marsh"),
    _owner("41629780", 9586505, "Noor", "Haddad"),
    _owner("41629781", 9586506, "Left", "Longago", archived=True),
]
STAGES = [
    ("appointmentscheduled", "Appointment scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified to buy", "0.4"),
]
STAGES += [("contractsent", "Contract sent", "0.9"), ("closedwon", "Closed won", "1.0")]
STAGES += [("closedlost", "Closed lost", "0.0")]
LEAD_STAGES = [("new-stage-id", "New", "NEW"), ("attempting-stage-id", "Attempting", "IN_PROGRESS")]
LEAD_STAGES += [("qualified-stage-id", "Qualified", "QUALIFIED")]
LEAD_STAGES += [("unqualified-stage-id", "Unqualified", "UNQUALIFIED")]


def pipeline(id_: str, label: str, stages: list[tuple[str, str, dict[str, str]]]) -> dict[str, Any]:
    """A pipeline as HubSpot describes it. `stages`: id, label, metadata."""
    common = {"archived": False, "createdAt": STAMP, "updatedAt": STAMP}
    listed = [
        {"id": stage, "label": name, "displayOrder": order, "metadata": metadata} | common
        for order, (stage, name, metadata) in enumerate(stages)
    ]
    return {"id": id_, "label": label, "displayOrder": 0, "stages": listed} | common


def probable(probability: str) -> dict[str, str]:
    return {"probability": probability, "isClosed": str(probability in ("0.0", "1.0")).lower()}


PIPELINES = {
    "deals": [pipeline("default", "Sales pipeline", [(i, n, probable(p)) for i, n, p in STAGES])],
    "leads": [
        pipeline("lead-pipeline-id", "Lead pipeline", [(i, n, {"leadState": s}) for i, n, s in LEAD_STAGES])
    ],
}
# The account's own labels of associations with companies, by the kind of record.
LABELS: dict[str, list[dict[str, Any]]] = {
    "deals": [
        {"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"},
        {"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None},
        {"category": "USER_DEFINED", "typeId": 21, "label": "Partner"},
        {"category": "USER_DEFINED", "typeId": 22, "label": "Distributor"},
    ],
    "leads": [{"category": "HUBSPOT_DEFINED", "typeId": 610, "label": None}],
}
