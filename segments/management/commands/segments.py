"""Segments as files: written out, compared, applied, and checked."""

import sys
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from segments import linting
from segments.as_code import applying, writing
from segments.as_code.documents import Exported, written_down
from segments.as_code.reading import Unreadable
from segments.checks import ChecksFail, failing
from segments.permissions import Narrows
from workspaces.actors import Actor
from workspaces.guard import WouldLock
from workspaces.models import Workspace
from workspaces.tenancy import workspace_transaction

BY = Actor("system", "", "Command line")


class Command(BaseCommand):
    help = "Writes segments to a file, shows what a file would change, applies it, and checks what there is."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        export = actions.add_parser("export", help="writes every segment as a YAML document")
        export.add_argument("-o", "--output", type=Path, help="the file; without one, the terminal")
        diff = actions.add_parser("diff", help="shows what a file would change; exit code 1 where it would")
        apply = actions.add_parser("apply", help="makes the segments what the file says, all or none of them")
        apply.add_argument("--dry-run", action="store_true", help="change nothing, but try all of it")
        apply.add_argument(
            "--despite-checks", action="store_true", help="also where checks fail; it is logged"
        )
        apply.add_argument(
            "--locking-out",
            action="store_true",
            help="also where somebody loses the last who may do something",
        )
        check = actions.add_parser("check", help="runs the checks and looks for mistakes in the rules")
        for one in (diff, apply):
            one.add_argument("file", type=Path)
            one.add_argument("--archive-missing", action="store_true", help="archive what is not in the file")
        for one in (export, diff, apply, check):
            one.add_argument("--workspace", help="its slug; needed where there are several")

    def handle(self, *, action, workspace=None, **options):
        found = workspace_named(workspace)
        run: dict[str, Callable] = {
            "export": self._export, "diff": self._diff, "apply": self._apply, "check": self._check,
        }  # fmt: skip
        try:
            run[action](found, options)
        except (applying.NotUnderstood, Unreadable) as error:
            faults = getattr(error, "faults", [error])
            raise CommandError("\n".join(f"{options['file']}: {fault}" for fault in faults)) from error
        except ChecksFail as error:
            lines = [failure.words for failure in error.failures]
            raise CommandError("Nothing is changed. Checks fail:\n" + "\n".join(lines)) from error
        except WouldLock as error:
            raise CommandError(f"Nothing is changed. {error.told} With --locking-out it is meant.") from error
        except Narrows as error:
            text = "A segment that is not in the file restricts its members. Set its permissions to inherit first."
            raise CommandError(f"Nothing is changed. {text}") from error

    def _export(self, workspace, options):
        with workspace_transaction(workspace, snapshot=True):
            text = writing.dump(Exported.begin().documents())
        if options["output"]:
            options["output"].write_text(text, encoding="utf-8")
        else:
            self.stdout.write(text, ending="")

    def _diff(self, workspace, options):
        with workspace_transaction(workspace, snapshot=True):
            changes = applying.plan(_text(options["file"]), archive_missing=options["archive_missing"])
            self._tell(changes)
        if applying.differs(changes):
            sys.exit(1)

    def _apply(self, workspace, options):
        with workspace_transaction(workspace), transaction.atomic():
            changes = applying.plan(_text(options["file"]), archive_missing=options["archive_missing"])
            self._tell(changes)
            despite = {"despite_checks": options["despite_checks"], "locking_out": options["locking_out"]}
            applying.apply(changes, by=BY, **despite)
            transaction.set_rollback(options["dry_run"])
        if applying.differs(changes):
            self.stdout.write("Nothing is changed: a dry run." if options["dry_run"] else "Applied.")

    def _tell(self, changes):
        for change in changes:
            self.stdout.write(str(change))
        if not applying.differs(changes):
            self.stdout.write("The file says what is there.")

    def _check(self, workspace, options):
        with workspace_transaction(workspace, snapshot=True):
            failures = [failure.words for failure in failing()]
            segments = written_down()
            findings = linting.of_segments(segments, at=timezone.now())
            lines = [
                f"{'Mistake' if finding.severe else 'Note'}: {segment.name}: {finding.text}"
                for segment in segments
                for finding in findings[segment.pk]
            ]
        for line in [*(f"Fails: {words}" for words in failures), *lines]:
            self.stdout.write(line)
        if failures or any(line.startswith("Mistake") for line in lines):
            sys.exit(1)
        self.stdout.write("Every check holds.")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error


def workspace_named(slug: str | None) -> Workspace:
    found = Workspace.objects.filter(slug=slug) if slug else Workspace.objects.all()
    if found.count() != 1:
        slugs = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(
            f"Name the workspace: --workspace with one of {slugs or 'none, as there is none yet'}."
        )
    return found.get()
