"""Every permission name, once; and which access carries which."""

AREAS = (
    "partners",
    "contacts",
    "properties",
    "segments",
    "experiences",
    "quotes",
    "deals",
    "profile",
    "notifications",
    "team",
    "crm",
    "workspace",
)
VIEW = frozenset(f"{area}.view" for area in AREAS)
MANAGE = frozenset(f"{area}.manage" for area in AREAS)
PERMISSIONS = VIEW | MANAGE
# Managers edit partners, contacts, deals and leads, but only of the partners they own (Partner.objects.for_member).
OF_ACCESS = {
    "owner": PERMISSIONS,
    "admin": PERMISSIONS - {"workspace.manage"},
    "manager": (VIEW - {"crm.view", "team.view", "workspace.view"})
    | {"partners.manage", "contacts.manage", "deals.manage"},
    "viewer": VIEW - {"crm.view", "team.view", "workspace.view"},
}
