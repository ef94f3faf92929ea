"""Which records come in, tried out before anything happens; and the long looks under way."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm_sync.kinds import KINDS
from crm_sync.models import Connection, ImportRule, SyncJob
from crm_sync.settings_views.import_forms import ConditionRows, RuleForm
from crm_sync.sweeps import jobs
from workspaces.access import settings_view
from workspaces.display import number_text

PAGE = "crm_sync/settings/import.html"
SHOWN = 20
KINDS_OF_JOB = {"try": SyncJob.Kind.DRY_RUN, "import": SyncJob.Kind.BACKFILL, "compare": SyncJob.Kind.COMPARE}
OUTCOMES = {"created": "created", "changed": "changed", "conflicts": "in conflict"}
WOULD = {"created": "create", "changed": "change", "conflicts": "ask about or overrule"}
BESIDES = {"outside": "left outside", "archived": "gone", "refused": "refused"}
ACTS = {"cancel": jobs.cancel, "resume": jobs.resume}


@require_safe
@settings_view("crm.manage")
def imports(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    object_type = request.GET.get("object") or "company"
    if object_type not in KINDS:
        raise Http404
    return _shown(request, connection, object_type)


def _shown(request, connection, object_type, *, bound=None):
    rules = {rule.object_type: rule for rule in ImportRule.objects.filter(connection=connection)}
    rule = rules.get(object_type) or ImportRule(connection=connection, object_type=object_type)
    form, rows = bound or _unbound(connection, rule)
    found = list(SyncJob.objects.filter(connection=connection).order_by("-started_at")[:SHOWN])
    context = {
        "connection": connection,
        "kind": KINDS[object_type],
        "kinds": [(kind, name in rules and rules[name].enabled) for name, kind in KINDS.items()],
        "rule": rule,
        "saved": object_type in rules,
        "form": form,
        "rows": rows,
        "jobs": [(job, _said(job)) for job in found],
        "running": any(job.state == SyncJob.State.RUNNING for job in found),
    }
    return render(request, PAGE, context, status=422 if bound else 200)


def _said(job):
    """What a look came to, without all that it did not come to."""
    would = job.kind == SyncJob.Kind.DRY_RUN
    done = [
        f"{words} {number_text(count)}" if would else f"{number_text(count)} {words}"
        for name, words in (WOULD if would else OUTCOMES).items()
        if (count := getattr(job, name))
    ]
    besides = [f"{number_text(n)} {words}" for name, words in BESIDES.items() if (n := getattr(job, name))]
    parts = [("would " if would else "") + ", ".join(done)] if done else []
    return "; ".join([*parts, *besides])


def _unbound(connection, rule):
    prefix = rule.object_type
    form = RuleForm(instance=rule, prefix=prefix, connection=connection)
    return form, ConditionRows(connection, rule, prefix=prefix)


@require_http_methods(["POST"])
@settings_view("crm.manage")
def rule(request, pk, object_type):
    connection = get_object_or_404(Connection.objects, pk=pk)
    if object_type not in KINDS:
        raise Http404
    found = ImportRule.objects.filter(connection=connection, object_type=object_type).first()
    found = found or ImportRule(connection=connection, object_type=object_type)
    form = RuleForm(request.POST, instance=found, prefix=object_type, connection=connection)
    rows = ConditionRows(connection, found, prefix=object_type, data=request.POST)
    if not (form.is_valid() and rows.is_valid()):
        return _shown(request, connection, object_type, bound=(form, rows))
    found.conditions = rows.conditions()
    form.save()
    messages.success(request, "Saved. Try it out, or import now: what changes in the CRM follows by itself.")
    return redirect(_page(pk, object_type))


@require_POST
@settings_view("crm.manage")
def start(request, pk, object_type):
    connection = get_object_or_404(Connection.objects, pk=pk)
    kind = KINDS_OF_JOB.get(request.POST.get("kind", ""))
    if object_type not in KINDS or kind is None:
        raise Http404
    jobs.start(connection, kind=kind, object_type=object_type, by=request.member)
    return _to_jobs(pk, object_type)


@require_POST
@settings_view("crm.manage")
def job(request, pk, job_pk, act):
    found = get_object_or_404(SyncJob.objects.filter(connection=pk).select_related("connection"), pk=job_pk)
    if act not in ACTS:
        raise Http404
    ACTS[act](found, by=request.member)
    return _to_jobs(pk, found.object_type)


def _to_jobs(pk, object_type):
    """Down the page, where one sees what comes of it."""
    return redirect(_page(pk, object_type) + "#jobs")


def _page(pk, object_type):
    return f"{reverse('settings:crm_import', args=[pk])}?object={object_type}"
