from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from workspaces import people
from workspaces.models import TeamMember, Workspace
from workspaces.setup import set_up_workspace
from workspaces.tenancy import workspace_transaction


class Command(BaseCommand):
    help = "Makes a workspace and its owner, who then signs in by a mailed code and invites the others."

    def add_arguments(self, parser):
        parser.add_argument("slug", help="its part of addresses, such as acme")
        parser.add_argument("name", help="what people read, such as “Acme Cloud”")
        parser.add_argument("owner", help="the owner's email address")

    def handle(self, *, slug, name, owner, **options):
        workspace = Workspace(slug=slug, name=name)
        try:
            validate_email(owner)
            workspace.full_clean(exclude=["number"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with workspace_transaction(workspace):
            workspace.save()
            workspace.refresh_from_db()  # its number comes from the database
            set_up_workspace(workspace)
            user = people.person_at(owner)
            people.add_team_member(user, workspace, access=TeamMember.Access.OWNER)
        self.stdout.write(f"Made “{name}”. {owner} signs in by a mailed code and finds it at /{slug}/.")
