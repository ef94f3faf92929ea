from django.core.management.base import BaseCommand

from segments.engine import recomputing
from segments.management.commands.segments import workspace_named
from workspaces import jobs
from workspaces.tenancy import workspace_transaction


class Command(BaseCommand):
    help = "Compares every membership with what the rules say, by a worker, and puts right what differs."

    def add_arguments(self, parser):
        parser.add_argument("--workspace", help="its slug; needed where there are several")

    def handle(self, *, workspace=None, **options):
        found = workspace_named(workspace)
        with workspace_transaction(found):
            jobs.leave_work(recomputing.QUEUE)
        self.stdout.write(
            f"Everybody in {found} is looked at once more. What differs is in each segment's activity."
        )
