from workspaces.models.contact import Contact
from workspaces.models.delivery import PropertyDelivery
from workspaces.models.due import Due
from workspaces.models.hook_route import HookRoute
from workspaces.models.partner import Partner
from workspaces.models.property import Property, PropertyChange
from workspaces.models.team_member import TeamMember
from workspaces.models.user import PersonAccess, User
from workspaces.models.workspace import Workspace

__all__ = [
    "Contact",
    "Due",
    "HookRoute",
    "Partner",
    "PersonAccess",
    "Property",
    "PropertyChange",
    "PropertyDelivery",
    "TeamMember",
    "User",
    "Workspace",
]
