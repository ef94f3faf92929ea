"""Measures the product and compares with the last stored run.

`bin/run manage.py bench` runs everything on servers of its own, started for it and thrown away;
`bin/run manage.py bench webhooks lists --size partners=1000` runs some of it with other sizes;
`bin/run manage.py bench segments --size contacts=1000000 --folder .portal/bench` keeps what it loaded for next time.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from introw.servers import Servers
from workspaces.measuring import REGISTRY, reference_loop

# What a machine that serves as many contacts would be given.
POSTGRES_SETTINGS = {"shared_buffers": "2GB", "max_wal_size": "4GB", "effective_cache_size": "8GB"}
MODULES = ("benchmarks", "live_benchmark", "enumeration_benchmark", "storm_benchmark", "backfill_benchmark")
STORED = settings.BASE_DIR / ".portal" / "bench.json"


class Command(BaseCommand):
    help = "Measures the product on servers of its own and compares with the last run."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("names", nargs="*", help="benchmarks to run; all without one")
        parser.add_argument("--size", action="append", default=[], metavar="NAME=NUMBER")
        parser.add_argument("--list", action="store_true", help="what there is to measure, with its sizes")
        parser.add_argument("--only", default="", help="parts of a benchmark, separated by commas")
        parser.add_argument("--folder", help="where the servers keep their data, to load less next time")
        parser.add_argument("--unstored", action="store_true", help="leave the last stored run as it is")
        parser.add_argument("--throw-away", action="store_true", help="on servers that may lose everything")
        parser.add_argument("--here", action="store_true", help="on the servers of the environment")

    def handle(self, *, names, size, here, **options):
        load_benchmarks()
        if options["list"]:
            return self._list()
        if unknown := set(names) - set(REGISTRY):
            raise CommandError(f"There is no benchmark {', '.join(sorted(unknown))}.")
        if not here:
            return self._on_servers_of_its_own(options["folder"], throw_away=options["throw_away"])
        call_command("migrate", verbosity=0)
        only = {"only": options["only"].split(",")} if options["only"] else {}
        self._measure(names or list(REGISTRY), parse_sizes(size) | only, stored=not options["unstored"])
        return None

    def _list(self):
        for entry in REGISTRY.values():
            sizes = " ".join(f"{name}={number}" for name, number in entry.sizes.items())
            self.stdout.write(f"{entry.name:<14} {entry.about}  {sizes}")

    def _on_servers_of_its_own(self, kept, *, throw_away):
        with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
            Path(folder).mkdir(mode=0o711, parents=True, exist_ok=True)
            Path(folder).chmod(0o711)
            more = {} if throw_away else POSTGRES_SETTINGS
            servers = Servers(Path(folder), more=more, throw_away=throw_away)
            servers.start()
            try:
                arguments = [sys.executable, sys.argv[0], *sys.argv[1:], "--here"]
                environment = {**os.environ, **servers.environment, "PORTAL_LOG_LEVEL": "ERROR"}
                done = subprocess.run(arguments, env=environment, check=False)  # noqa: S603  our own command
            finally:
                servers.stop()
        if done.returncode:
            raise CommandError("The benchmark failed.")

    def _measure(self, names, given, *, stored):
        last = json.loads(STORED.read_text()) if STORED.exists() else {}
        before = reference_loop()
        figures = {}
        for name in names:
            entry = REGISTRY[name]
            sizes = {key: given.get(key, default) for key, default in entry.sizes.items()}
            self.stdout.write(f"\n{name}: {entry.about} " + " ".join(f"{k}={v}" for k, v in sizes.items()))
            for figure in entry.run(**sizes):
                self._print(figure, last.get(f"{name}/{figure.name}"))
                figures[f"{name}/{figure.name}"] = figure.value
        self.stdout.write(
            f"\nReference loop: {before:.0f} ms of CPU before, {reference_loop():.0f} ms after."
        )
        if not stored:
            return
        STORED.parent.mkdir(exist_ok=True)
        STORED.write_text(json.dumps({**last, **figures}, indent=1, sort_keys=True))

    def _print(self, figure, last):
        verdict = {True: "holds", False: "MISSED", None: ""}[figure.holds]
        bar = "" if figure.bar is None else f"{'≤' if figure.at_most else '≥'} {figure.bar:g}"
        ratio = f"{figure.value / last:.2f}× last" if last else ""
        value = f"{figure.value:>10.2f} {figure.unit:<6}"
        self.stdout.write(f"  {figure.name:<44} {value} {bar:>10} {verdict:<7} {ratio:<12} {figure.note}")


def load_benchmarks():
    for app in apps.get_app_configs():
        if app.name.split(".")[0] in {"workspaces", "segments", "portal", "crm_sync", "introw"}:
            for name in MODULES:
                if find_spec(f"{app.name}.{name}"):
                    import_module(f"{app.name}.{name}")


def parse_sizes(given):
    try:
        return {name: int(number) for name, _, number in (item.partition("=") for item in given)}
    except ValueError as error:
        raise CommandError("Sizes are given as --size partners=1000.") from error
