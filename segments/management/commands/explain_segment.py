from django.core.management.base import BaseCommand, CommandError
from django.utils.timesince import timesince

from segments.engine import lists
from segments.management.commands.segments import workspace_named
from segments.models import Segment
from segments.why import Node, Why, lines
from workspaces.tenancy import workspace_transaction


class Command(BaseCommand):
    help = "Tells why somebody is in a segment or not, condition by condition, and what would have to change."

    def add_arguments(self, parser):
        parser.add_argument("segment", help="its name")
        parser.add_argument("who", help="a contact's e-mail address, or a partner's name")
        parser.add_argument("--workspace", help="its slug; needed where there are several")

    def handle(self, *, segment, who, workspace=None, **options):
        with workspace_transaction(workspace_named(workspace), snapshot=True):
            found = Segment.objects.present().filter(name__iexact=segment).order_by("-built_in_key").first()
            if found is None:
                raise CommandError(f"No segment is called “{segment}”.")
            records, _ = lists.matching(found.level, [who])
            if not records:
                raise CommandError(f"“{who}” is no {found.level}, or means several.")
            for line in told(Why(found, records[0], member=None)):
                self.stdout.write(line)


def told(why: Why) -> list[str]:
    found = [f"{why.record} is {'in' if why.inside else 'not in'} “{why.segment}”."]
    if why.since:
        found.append(f"Since {why.since.at:%Y-%m-%d %H:%M} UTC: {why.since.why}.")
    found += [why.overruled] if why.overruled else []
    if why.tree:
        found += [_line(depth, node) for depth, node in lines(why.tree)]
    return found + ([why.nearest] if why.nearest else [])


def _line(depth: int, node: Node) -> str:
    known = [node.verdict.told, f"from {node.source}" if node.source else ""]
    known += [f"set {timesince(node.since)} ago"] if node.since else []
    text = ", ".join(part for part in known if part)
    return f"{'  ' * depth}{'✓' if node.holds else '✗'} {node.words}{f' ({text})' if text else ''}"
