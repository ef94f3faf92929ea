"""What every new workspace starts with: the built-in properties and the partner roles that come ready."""

from workspaces import levels
from workspaces.properties import define_properties

ROLES = [
    {"value": "sales_rep", "label": "Sales rep", "default": True},
    {"value": "solutions_engineer", "label": "Solutions engineer"},
    {"value": "partner_manager", "label": "Partner manager"},
    {"value": "marketing", "label": "Marketing"},
    {"value": "admin", "label": "Admin"},
]
TIERS = [
    {"value": "registered", "label": "Registered"},
    {"value": "silver", "label": "Silver"},
    {"value": "gold", "label": "Gold"},
    {"value": "platinum", "label": "Platinum"},
]
PHASES = [
    {"value": "prospecting", "label": "Prospecting"},
    {"value": "signed_contract", "label": "Signed contract"},
    {"value": "onboarding", "label": "Onboarding"},
    {"value": "active", "label": "Active"},
]
BUILT_IN: list[dict] = [
    {"level": "partner", "key": "name", "label": "Company name", "type": "text"},
    {"level": "partner", "key": "website", "label": "Website", "type": "url"},
    {
        "level": "partner",
        "key": "tier",
        "label": "Tier",
        "type": "choice",
        "options": TIERS,
        "read_only": True,
    },
    {
        "level": "partner",
        "key": "phase",
        "label": "Phase",
        "type": "choice",
        "options": PHASES,
        "read_only": True,
    },
    {"level": "partner", "key": "country", "label": "Country", "type": "text"},
    {"level": "contact", "key": "name", "label": "Name", "type": "text"},
    {"level": "contact", "key": "email", "label": "E-mail", "type": "email", "read_only": True},
    {
        "level": "contact",
        "key": "role",
        "label": "Role",
        "type": "choice",
        "options": ROLES,
        "read_only": True,
    },
    {"level": "contact", "key": "language", "label": "Language", "type": "text"},
]


def set_up_workspace(workspace):
    """Fills a new workspace, inside its open transaction. Returns the properties by (level, key)."""
    made = define_properties(
        [{**definition, "built_in": True} for definition in [*BUILT_IN, *levels.built_in()]]
    )
    return {(prop.level, prop.key): prop for prop in made}
