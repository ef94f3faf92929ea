"""Makes the tables and the demo data, as far as they are not there: one process, because each start costs time."""

import os

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "introw.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("seed_demo")
