"""Takes guards away one at a time and tells how many of them the tests miss.

`bin/run python -m tests.mutate` works on a copy of the tree. A guard whose absence no test notices is printed; the
exit code is 1 if there is one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from introw.servers import Servers

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".portal", ".venv", ".uv", "__pycache__", "node_modules", ".*_cache"
)


@dataclass(frozen=True)
class Guard:
    """A piece of code that keeps somebody out, what stands there without it, and who should notice."""

    name: str
    file: str
    guard: str
    without: str
    tests: str


GUARDS = (
    Guard(
        "what somebody else saved meanwhile",
        "segments/editing.py",
        '**({"updated_at": seen_at} if seen_at else {})',
        "**{}",
        "tests/segments/editor/test_overtaken.py",
    ),
    Guard(
        "the partner in who sees a deal",
        "portal/deals/models.py",
        "return Q(partner=viewer.partner_id) | Q(distributor=viewer.partner_id)",
        "return Q()",
        "tests/portal/test_leaks.py",
    ),
    Guard(
        "collaboration in who sees a deal",
        "portal/deals/models.py",
        'return Q(Exists(Collaborator.objects.filter(record=OuterRef("pk"), contact=viewer.contact)))',
        "return ~Q(pk=None)",
        "tests/portal/test_leaks.py",
    ),
    Guard(
        "the archive in who sees a deal",
        "portal/deals/models.py",
        "return super().visible_to(viewer).live()",
        "return super().visible_to(viewer)",
        "tests/portal/deals/test_settings_views.py",
    ),
    Guard(
        "the partner manager's own deals",
        "portal/deals/models.py",
        "return self.filter(Q(partner__owner=member) | Q(distributor__owner=member))",
        "return self",
        "tests/portal/deals/test_settings_views.py",
    ),
    Guard(
        "the partner of a deal's collaborators",
        "portal/deals/collaborators.py",
        "return record.partner_ids if partner_id is None else [partner_id]",
        "return record.partner_ids",
        "tests/portal/deals/test_partner_views.py",
    ),
    Guard(
        "what of a deal partners are shown in lists and sums",
        "portal/deals/sharing.py",
        'return self.all["stage"].options if "stage" in self.keys else []',
        'return self.all["stage"].options',
        "tests/portal/deals/test_partner_views.py",
    ),
    Guard(
        "the manager's filter",
        "workspaces/tenancy.py",
        "super().get_queryset().filter(workspace_id=current_workspace_id())",
        "super().get_queryset()",
        "tests/workspaces/test_walls.py",
    ),
    Guard(
        "the manager's error without a transaction",
        "workspaces/tenancy.py",
        "if workspace_id is None or not connection.in_atomic_block:",
        "if workspace_id is None:",
        "tests/workspaces/test_tenancy.py",
    ),
    Guard(
        "the refusal to change workspaces inside a transaction",
        "workspaces/tenancy.py",
        "if _current.get() not in (None, workspace_id):",
        "if False:",
        "tests/workspaces/test_walls.py",
    ),
    Guard(
        "the policy on what is read",
        "workspaces/walls.py",
        "USING ({MINE}) WITH CHECK ({MINE})",
        "USING (true) WITH CHECK ({MINE})",
        "tests/workspaces/test_walls.py",
    ),
    Guard(
        "the policy on what is written",
        "workspaces/walls.py",
        "USING ({MINE}) WITH CHECK ({MINE})",
        "USING ({MINE}) WITH CHECK (true)",
        "tests/workspaces/test_walls.py",
    ),
    Guard(
        "row-level security for the owner",
        "workspaces/walls.py",
        """    yield f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'\n""",
        "",
        "tests/workspaces/test_walls.py",
    ),
    Guard(
        "the workspace in references",
        "workspaces/walls.py",
        """f'FOREIGN KEY (workspace_id, "{field.column}") '
        f'REFERENCES "{target.db_table}" (workspace_id, "{target.pk.column}")""",
        """f'FOREIGN KEY ("{field.column}") '
        f'REFERENCES "{target.db_table}" ("{target.pk.column}")""",
        "tests/workspaces/test_walls.py",
    ),
    Guard(
        "the record of migrations",
        "workspaces/management/commands/migrate.py",
        '        "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}",\n',
        "",
        "tests/workspaces/test_walls.py",
    ),
    Guard(
        "sign-in for settings and portal",
        "workspaces/access.py",
        "if not request.user.is_authenticated:\n        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)\n    return None",
        "return None",
        "tests/test_walker.py",
    ),
    Guard(
        "membership of the team",
        "workspaces/access.py",
        "                if request.member is None:\n                    raise Http404\n",
        "                if request.member is None:\n                    from workspaces.models import TeamMember\n"
        "                    request.member = TeamMember(user=request.user, access='owner', joined_at=1)\n",
        "tests/test_walker.py",
    ),
    Guard(
        "permissions of the team",
        "workspaces/access.py",
        "if not request.member.may(permission):",
        "if False:",
        "tests/test_walker.py",
    ),
    Guard(
        "settings on the main host alone",
        "workspaces/access.py",
        "if not request.on_main_host:",
        "if False:",
        "tests/test_walker.py",
    ),
    Guard(
        "the second factor",
        "workspaces/access.py",
        "if second_factor.is_missing(request):",
        "if False:",
        "tests/workspaces",
    ),
    Guard(
        "reading requests that cannot write",
        "workspaces/tenancy.py",
        "REPEATABLE READ READ ONLY",
        "REPEATABLE READ",
        "tests/workspaces/test_tenancy.py",
    ),
    Guard(
        "one page, one moment",
        "workspaces/tenancy.py",
        "REPEATABLE READ READ ONLY",
        "READ COMMITTED READ ONLY",
        "tests/workspaces/test_tenancy.py",
    ),
    Guard(
        "suspended contacts",
        "workspaces/people.py",
        ".exclude(status=Contact.Status.SUSPENDED)\n    return bound",
        "\n    return bound",
        "tests/workspaces",
    ),
    Guard(
        "binding by a proved address alone",
        "workspaces/people.py",
        "filter(user=user, verified=True)",
        "filter(user=user)",
        "tests/workspaces",
    ),
    Guard(
        "read-only properties",
        "workspaces/properties.py",
        'elif by.kind == "contact" and prop.read_only and not (edit.created and key in beginning):',
        "elif False:",
        "tests/workspaces/test_properties.py",
    ),
    Guard(
        "rows read again under their locks",
        "workspaces/properties.py",
        "edit.record.raw, edit.record.norm, edit.record.set_at = row.raw, row.norm, row.set_at",
        "pass",
        "tests/workspaces/test_tenancy.py",
    ),
    Guard(
        "a gate that names nobody",
        "segments/audience.py",
        "bool_or(live AND mine)",
        "coalesce(bool_or(live AND mine), true)",
        "tests/segments/test_audience.py",
    ),
    Guard(
        "except, inside",
        "segments/audience.py",
        "bool_and(live AND NOT mine)",
        "bool_and(live)",
        "tests/segments/test_audience.py",
    ),
    Guard(
        "except, with a segment that is archived",
        "segments/audience.py",
        "bool_and(live AND NOT mine)",
        "bool_and(NOT mine)",
        "tests/segments/test_audience.py",
    ),
    Guard(
        "another partner's records",
        "segments/audience.py",
        "return self.filter(scope, self.model.belonging_to(viewer))",
        "return self.filter(scope)",
        "tests/portal/test_leaks.py",
    ),
    Guard(
        "colleagues' records, for who is restricted",
        "segments/audience.py",
        "return self.filter(scope, self.model.belonging_to(viewer))",
        "return self.filter(self.model.belonging_to(viewer))",
        "tests/portal/test_leaks.py",
    ),
    Guard(
        "the records of other managers' partners, in reasons",
        "segments/engine/record_facts.py",
        'source.findable(reader) or sql.SQL("true")',
        'sql.SQL("true")',
        "tests/segments/test_found_records.py",
    ),
    Guard(
        "what is worked out of records that one may not open",
        "segments/found_records.py",
        "if found.opening < found.fitting:",
        "if False:",
        "tests/segments/test_found_records.py",
    ),
    Guard(
        "the wait for those who did not know of a build",
        "segments/engine/batches.py",
        "    _wait_for_those_before()\n    try:",
        "    try:",
        "tests/segments/engine/test_related_concurrency.py",
    ),
    Guard(
        "all that changed of a partner before its people followed",
        "segments/engine/fanout.py",
        "Cause.from_json(state.fanout_cause).followed_by(cause)",
        "cause",
        "tests/segments/engine/test_membership.py",
    ),
    Guard(
        "the sweep of facts that nobody asks any more",
        "segments/engine/switching.py",
        'jobs.leave_work("segments.sweep")',
        "pass",
        "tests/segments/engine/test_histories.py",
    ),
    Guard(
        "an older copy of the CRM's record",
        "crm_sync/inbound/merging.py",
        "return bool(seen and found.updated_at and found.updated_at < seen)",
        "return False",
        "tests/crm_sync/inbound",
    ),
    Guard(
        "our own write that was never noted",
        "crm_sync/agreement/decisions.py",
        "if sides.theirs in sides.sent:",
        "if False:",
        "tests/crm_sync/cases/test_interleavings.py",
    ),
    Guard(
        "who was erased does not come back",
        "crm_sync/inbound/sorting.py",
        "if stones and lifecycle.digest_of(connection, object_type, external_id) in stones:",
        "if False:",
        "tests/crm_sync/cases/test_applying.py",
    ),
    Guard(
        "only what the record holds is sent",
        "crm_sync/outbound/outbox.py",
        "if record is not None and record.value(change.mapping.prop) == change.value:",
        "if True:",
        "tests/crm_sync/outbound",
    ),
    Guard(
        "nobody stores what it heard without the lease",
        "crm_sync/streams/leases.py",
        "ours = ChangeStream.objects.listenable().filter(pk=tenure.stream_id, listener=tenure.listener)\n    stream",
        "ours = ChangeStream.objects.listenable().filter(pk=tenure.stream_id)\n    stream",
        "tests/crm_sync/cases/test_change_data_capture.py",
    ),
    Guard(
        "our own write that comes back is known by its value, not by the name on it",
        "crm_sync/streams/intake.py",
        'return codec.same_form(mapping, value) == agreed["crm"]',
        "return True",
        "tests/crm_sync/cases/test_change_data_capture.py",
    ),
    Guard(
        "a lost place is compared",
        "crm_sync/streams/keeping.py",
        "if stream.tries == 1:",
        "if False:",
        "tests/crm_sync/cases/test_change_data_capture.py",
    ),
    Guard(
        "a deal that no partner sells",
        "crm_sync/inbound/attribution.py",
        "if not found.unclear and put_aside(connection, link):",
        "if False:",
        "tests/crm_sync/cases/test_deals.py",
    ),
    Guard(
        "a person who is there under their address is not made again",
        "crm_sync/outbound/making.py",
        "if kind.object_type == CONTACT and missing and",
        "if False and",
        "tests/crm_sync/cases/test_making.py",
    ),
    Guard(
        "a change of the CRM's that our write put an end to unseen",
        "crm_sync/inbound/told.py",
        'if spoken not in (over["base"], agreed["crm"]):',
        "if False:",
        "tests/crm_sync/cases/test_writing_back.py",
    ),
    Guard(
        "the webhook's signature",
        "crm_sync/connectors/hubspot/signature.py",
        "hmac.compare_digest(",
        "(lambda *_: True)(",
        "tests/crm_sync",
    ),
    Guard(
        "whose sign-in a CRM answers",
        "crm_sync/settings_views/sign_in.py",
        'return fresh and bool(state) and constant_time_compare(kept["state"], state)',
        "return fresh and bool(state)",
        "tests/crm_sync/test_sign_in.py",
    ),
    Guard(
        "where a CRM's answer may send us",
        "crm_sync/connectors/salesforce/hosts.py",
        "or not host.endswith(DOMAINS)",
        "",
        "tests/crm_sync/connectors/test_salesforce_push.py",
    ),
    Guard(
        "mass changes on their way in",
        "crm_sync/breaker/incoming.py",
        "held = [change.mapping for change in gate.held(changes) if change.mapping] if changes else []",
        "held: list = []",
        "tests/crm_sync/breaker",
    ),
    Guard(
        "mass deletions",
        "crm_sync/breaker/incoming.py",
        "return linked and bool(gate.held([Change(link, None, before=True)]))",
        "return False",
        "tests/crm_sync/breaker",
    ),
    Guard(
        "mass changes on their way out",
        "crm_sync/breaker/outgoing.py",
        "for counted in gate.held(found):",
        "for counted in ():",
        "tests/crm_sync/breaker",
    ),
    Guard(
        "one decision about a mass change",
        "crm_sync/breaker/deciding.py",
        "mine = MassChange.objects.open().filter(pk=mass.pk)",
        "mine = MassChange.objects.filter(pk=mass.pk)",
        "tests/crm_sync/breaker",
    ),
    Guard(
        "whose organisation a message is about",
        "crm_sync/inbound/receiving.py",
        "if route.account != organization:",
        "if False:",
        "tests/crm_sync/cases/test_salesforce.py",
    ),
    Guard(
        "tokens over newer tokens",
        "crm_sync/connecting/tokens.py",
        "    if held.generation != lease.generation:\n        return _key_of(held, lease)\n    held.refreshing_until = None",
        "    held.refreshing_until = None",
        "tests/crm_sync/cases/test_auth_and_limits.py",
    ),
    Guard(
        "one renewal at a time",
        "crm_sync/connecting/tokens.py",
        "if held.refreshing_until and held.refreshing_until > now:",
        "if False:",
        "tests/crm_sync/cases/test_auth_and_limits.py",
    ),
)


def main():
    with tempfile.TemporaryDirectory(prefix="portal-mutants-") as folder:
        Path(folder).chmod(0o711)
        servers = Servers(Path(folder) / "servers", throw_away=True)
        servers.start()
        try:
            missed = [guard for guard in GUARDS if not caught(guard, Path(folder), servers.environment)]
        finally:
            servers.stop()
    print(f"\n{len(GUARDS) - len(missed)} of {len(GUARDS)} guards are noticed by a test when they are gone.")
    return 1 if missed else 0


def caught(guard, folder, environment):
    copy = folder / "tree"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    path = copy / guard.file
    text = path.read_text()
    if text.count(guard.guard) != 1:
        print(
            f"STALE   {guard.name}: {guard.file} has changed; mend the table in tests/mutate.py", flush=True
        )
        return False
    path.write_text(text.replace(guard.guard, guard.without))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not browser and not processes",
    ]
    done = subprocess.run(
        [*command, *guard.tests.split()],
        cwd=copy,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    # 1: a test failed. Anything else (0 passed, 2 to 5 nothing ran) means that nobody noticed.
    print(f"{'caught' if done.returncode == 1 else 'MISSED':<7} {guard.name}", flush=True)
    return done.returncode == 1


if __name__ == "__main__":
    sys.exit(main())
