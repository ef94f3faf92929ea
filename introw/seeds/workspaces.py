"""The two demo workspaces: what their partners are asked, and how HubSpot calls the same."""

from introw.seeds.partners import INDUSTRIES, KINDS, SKILLS


def options(*pairs):
    return [{"value": value, "label": label} for value, label in pairs]


def titled(values):
    return options(*((value, value.replace("_", " ").capitalize()) for value in values))


REGIONS = options(
    ("dach", "DACH"), ("west", "Western Europe"), ("south", "Southern Europe"), ("north", "Nordics")
)
HUBSPOT = {"source": "hubspot"}
NORTHWIND_PROPERTIES = [
    {"level": "partner", "key": "partner_type", "label": "Partner type", "type": "choice", **HUBSPOT}
    | {"options": titled(kind for kind, _ in KINDS), "read_only": True},
    {"level": "partner", "key": "region", "label": "Region", "type": "choice", "options": REGIONS, **HUBSPOT}
    | {"read_only": True},
    {"level": "partner", "key": "industry", "label": "Industry", "type": "choice", **HUBSPOT}
    | {"options": titled(INDUSTRIES)},
    {"level": "partner", "key": "employees", "label": "Employees", "type": "number", **HUBSPOT},
    {"level": "partner", "key": "annual_revenue", "label": "Annual revenue", "type": "money"},
    {"level": "partner", "key": "partner_since", "label": "Partner since", "type": "date", **HUBSPOT}
    | {"read_only": True},
    {
        "level": "partner",
        "key": "certified",
        "label": "Certified",
        "type": "boolean",
        "read_only": True,
        **HUBSPOT,
    },
    {
        "level": "partner",
        "key": "skills",
        "label": "Skills",
        "type": "multi_choice",
        "options": titled(SKILLS),
    },
    {"level": "partner", "key": "vat_number", "label": "VAT number", "type": "text"},
    {"level": "partner", "key": "about", "label": "About the company", "type": "long_text", **HUBSPOT},
    {
        "level": "partner",
        "key": "terms_accepted",
        "label": "Terms accepted",
        "type": "boolean",
        "read_only": True,
    },
    {"level": "contact", "key": "job_title", "label": "Job title", "type": "text", **HUBSPOT},
    {"level": "contact", "key": "phone", "label": "Phone", "type": "phone", **HUBSPOT},
    {"level": "contact", "key": "certified", "label": "Certified", "type": "boolean", "read_only": True},
]

# HubSpot's field ← our property, and which way values go.
COMPANY_FIELDS = [
    ("name", "name", "both"),
    ("website", "website", "both"),
    ("partner_tier", "tier", "in"),
    ("partner_phase", "phase", "in"),
    ("country", "country", "both"),
    ("partner_type", "partner_type", "in"),
    ("partner_region", "region", "in"),
    ("partner_industry", "industry", "both"),
    ("numberofemployees", "employees", "both"),
    ("partner_since", "partner_since", "in"),
    ("is_certified", "certified", "in"),
    ("description", "about", "both"),
]
CONTACT_FIELDS = [
    ("email", "email", "in"),
    ("partner_role", "role", "in"),
    ("jobtitle", "job_title", "both"),
    ("phone", "phone", "both"),
]
DEAL_FIELDS = [
    ("dealname", "name", "both"),
    ("dealstage", "stage", "both"),
    ("amount", "amount", "both"),
    ("closedate", "close_date", "both"),
    ("hubspot_owner_id", "owner", "both"),
]
LEAD_FIELDS = [
    ("hs_lead_name", "name", "both"),
    ("hs_pipeline_stage", "stage", "both"),
    ("hubspot_owner_id", "owner", "both"),
]
# Of the properties that every workspace has, those that HubSpot feeds.
FED_BUILT_IN = [
    *(("partner", key) for key in ("name", "website", "tier", "phase", "country")),
    *(("contact", key) for key in ("email", "role")),
]
