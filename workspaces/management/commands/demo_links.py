from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from workspaces.demo import DEMO_PEOPLE


class Command(BaseCommand):
    help = "Prints where the demo is and the links that sign in as its people."

    def handle(self, *args, **options):
        if not (settings.DEMO and settings.DEMO_SECRET):
            raise CommandError(
                "There are demo links only while the demo runs (PORTAL_DEMO, PORTAL_DEMO_SECRET)."
            )
        write = self.stdout.write
        write(f"Portal      {settings.PUBLIC_URL}/")
        write(f"All people  {settings.PUBLIC_URL}/demo/{settings.DEMO_SECRET}/")
        for kind, title in (
            ("team", "Settings, as the vendor’s team"),
            ("contact", "The portal, as a partner"),
        ):
            write(f"\n{title}")
            for person in DEMO_PEOPLE:
                if person.kind == kind:
                    write(f"  {person.name} – {person.label}: {person.reason}")
                    write(f"    {_address(kind)}/demo/{settings.DEMO_SECRET}/{person.key}/")
        if _address("team") != _address("contact"):
            write(
                "\nThe two kinds of links use two names of this machine, so both can be open in one browser."
            )


def _address(kind):
    """Cookies belong to a name: the team signs in at localhost, contacts at 127.0.0.1."""
    parts = urlsplit(settings.PUBLIC_URL)
    if kind == "contact" and parts.hostname == "localhost":
        return settings.PUBLIC_URL.replace("localhost", "127.0.0.1", 1)
    return settings.PUBLIC_URL
