"""The objects and fields that a fresh organisation has."""

from typing import Any

TIERS = ["Registered", "Silver", "Gold", "Platinum"]
PHASES = ["Prospecting", "Signed contract", "Onboarding", "Active"]
ROLES = ["Sales rep", "Solutions engineer", "Partner manager", "Marketing", "Admin"]
REGIONS = ["EMEA", "APAC", "AMER"]
PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "Opportunity": "006",
    "Lead": "00Q",
    "User": "005",
    "OpportunityContactRole": "00K",
    "OpportunityStage": "01J",
    "LeadStatus": "01J",
    "Organization": "00D",
}
LABELS = {"Account": "Accounts", "Contact": "Contacts", "Opportunity": "Opportunities", "Lead": "Leads"}
LENGTHS = {"string": 255, "textarea": 32000, "phone": 40, "url": 255, "email": 80, "id": 18, "reference": 18}


def field(
    name: str, label: str, type_: str = "string", choices: list[str] | None = None, **more: Any
) -> dict[str, Any]:
    """A field as describe tells it."""
    custom = name.endswith("__c")
    plain = {
        "name": name,
        "label": label,
        "type": type_,
        "length": LENGTHS.get(type_, 255 if type_ == "picklist" else 4099 if type_ == "multipicklist" else 0),
        "precision": 18 if type_ in ("double", "currency", "percent") else 0,
        "scale": 2 if type_ in ("currency", "percent") else 0,
        "nillable": type_ != "boolean",
        "createable": True,
        "updateable": True,
        "calculated": False,
        "autoNumber": False,
        "custom": custom,
        "unique": False,
        "externalId": False,
        "nameField": name == "Name",
        "defaultedOnCreate": type_ == "boolean",
        "restrictedPicklist": bool(choices) and custom,
        "dependentPicklist": False,
        "controllerName": None,
        "compoundFieldName": None,
        "referenceTo": [],
        "encrypted": False,
        "picklistValues": [
            {"active": True, "defaultValue": False, "label": c, "value": c, "validFor": None}
            for c in choices or []
        ],
    }
    return plain | more


def system(name: str, label: str, type_: str, **more: Any) -> dict[str, Any]:
    return field(name, label, type_, createable=False, updateable=False, nillable=False, **more)


def _common() -> list[dict[str, Any]]:
    return [
        system("Id", "Record ID", "id"),
        system("IsDeleted", "Deleted", "boolean"),
        system("CreatedDate", "Created Date", "datetime"),
        system("LastModifiedDate", "Last Modified Date", "datetime"),
        system("SystemModstamp", "System Modstamp", "datetime"),
        field(
            "OwnerId", "Owner ID", "reference", referenceTo=["User"], nillable=False, defaultedOnCreate=True
        ),
        field(
            "Partner_Portal_Id__c",
            "Partner Portal ID",
            length=80,
            externalId=True,
            unique=True,
        ),
    ]


def _merging() -> dict[str, Any]:
    return system("MasterRecordId", "Master Record ID", "reference") | {"nillable": True}


ACCOUNT = [
    field("Name", "Account Name", nillable=False),
    field("Phone", "Account Phone", "phone"),
    field("Website", "Website", "url"),
    field("Industry", "Industry", "picklist", ["Software", "Consulting", "Manufacturing", "Retail"]),
    field("Description", "Account Description", "textarea"),
    field("NumberOfEmployees", "Employees", "int"),
    field("AnnualRevenue", "Annual Revenue", "currency"),
    field("BillingStreet", "Billing Street", "textarea", compoundFieldName="BillingAddress"),
    field("BillingCity", "Billing City", compoundFieldName="BillingAddress", length=40),
    field("BillingCountry", "Billing Country", compoundFieldName="BillingAddress", length=80),
    system("BillingAddress", "Billing Address", "address"),
    field("Partner_Tier__c", "Partner Tier", "picklist", TIERS),
    field("Partner_Phase__c", "Partner Phase", "picklist", PHASES),
    field("Partner_Regions__c", "Partner Regions", "multipicklist", REGIONS),
    field("Partner_Since__c", "Partner Since", "date"),
    field("Certified__c", "Certified", "boolean"),
    field("Score__c", "Score", "double", calculated=True, createable=False, updateable=False, scale=2),
    _merging(),
    *_common(),
]
CONTACT = [
    field("Name", "Full Name", createable=False, updateable=False),
    field("FirstName", "First Name", length=40),
    field("LastName", "Last Name", nillable=False, length=80),
    field("Email", "Email", "email"),
    field("Phone", "Business Phone", "phone"),
    field("Title", "Title", length=128),
    field("AccountId", "Account ID", "reference", referenceTo=["Account"]),
    field("Partner_Role__c", "Partner Role", "picklist", ROLES),
    _merging(),
    *_common(),
]
# (stage, closed, won) and (status, converted), which Salesforce keeps in objects of their own
STAGES = [("Prospecting", False, False), ("Qualification", False, False)]
STAGES += [("Proposal", False, False), ("Negotiation", False, False)]
STAGES += [("Closed Won", True, True), ("Closed Lost", True, False)]
STATUSES = [("Open", False), ("Working", False), ("Closed", False), ("Qualified", True)]
OPPORTUNITY = [
    field("Name", "Name", nillable=False, length=120),
    field("AccountId", "Account ID", "reference", referenceTo=["Account"]),
    field(
        "StageName",
        "Stage",
        "picklist",
        [name for name, _, _ in STAGES],
        nillable=False,
    ),
    field("Amount", "Amount", "currency"),
    field("CloseDate", "Close Date", "date", nillable=False),
    system("IsClosed", "Closed", "boolean"),
    system("IsWon", "Won", "boolean"),
    field("Partner__c", "Partner", "reference", referenceTo=["Account"]),
    field("Distributor__c", "Distributor", "reference", referenceTo=["Account"]),
    *_common(),
]
LEAD = [
    field("LastName", "Last Name", nillable=False, length=80),
    field("FirstName", "First Name", length=40),
    field("Company", "Company", nillable=False),
    field("Email", "Email", "email"),
    field("Name", "Name", createable=False, updateable=False),
    field("Phone", "Phone", "phone"),
    field("Status", "Status", "picklist", [name for name, _ in STATUSES], nillable=False),
    field("Partner__c", "Partner", "reference", referenceTo=["Account"]),
    _merging(),
    *_common(),
]
USER = [
    field("Name", "Full Name", createable=False, updateable=False),
    field("Email", "Email", "email"),
    field("IsActive", "Active", "boolean"),
    system("Id", "User ID", "id"),
    system("SystemModstamp", "System Modstamp", "datetime"),
]
ROLE = [
    field("OpportunityId", "Opportunity ID", "reference"),
    field("ContactId", "Contact ID", "reference"),
    field("IsPrimary", "Primary", "boolean"),
    *_common(),
]
STAGE = [
    system("Id", "Record ID", "id"),
    system("ApiName", "API Name", "string"),
    system("IsClosed", "Closed", "boolean"),
    system("IsWon", "Won", "boolean"),
    system("SystemModstamp", "System Modstamp", "datetime"),
]
STATUS = [
    system("Id", "Record ID", "id"),
    system("ApiName", "API Name", "string"),
    system("IsConverted", "Converted", "boolean"),
    system("SystemModstamp", "System Modstamp", "datetime"),
]
ORGANIZATION = [
    system("Id", "Organization ID", "id"),
    system("Name", "Name", "string"),
    system("TimeZoneSidKey", "Time Zone", "picklist"),
    system("SystemModstamp", "System Modstamp", "datetime"),
]
FRESH = {
    "Account": ACCOUNT,
    "Contact": CONTACT,
    "Opportunity": OPPORTUNITY,
    "Lead": LEAD,
    "User": USER,
    "OpportunityContactRole": ROLE,
    "OpportunityStage": STAGE,
    "LeadStatus": STATUS,
    "Organization": ORGANIZATION,
}
USERS = [
    {"Id": "0055f000000MIAAAA0", "Name": "Mia Marsh", "Email": "mia.marsh@vendor.example", "IsActive": True},
    {
        "Id": "0055f000000LEFTAA0",
        "Name": "Left Longago",
        "Email": "left.longago@vendor.example",
        "IsActive": False,
    },
]
