"""Makes the tables and the demo data, as far as they are missing. One process: each start costs seconds."""

import argparse
import os
from io import StringIO
from pathlib import Path

import django
from django.core.management import call_command

from introw.server_files import write_secret


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--demo-data", type=Path, help="load it, and write the stand-in HubSpot's part here")
    parser.add_argument("--salesforce", type=Path, help="write the stand-in Salesforce's part here")
    parser.add_argument("--links", type=Path, help="write the links for signing in here")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "introw.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    if options.demo_data:
        call_command("seed_demo", hubspot_state=options.demo_data, salesforce_state=options.salesforce)
    if options.links:
        links = StringIO()
        call_command("demo_links", stdout=links)
        write_secret(options.links, links.getvalue().rstrip() + "\n")


if __name__ == "__main__":
    main()
