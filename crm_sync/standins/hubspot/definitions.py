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
