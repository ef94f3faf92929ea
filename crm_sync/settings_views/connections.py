"""The list of connections, connecting, and what concerns a connection as a whole."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm_sync.agreement.refreshing import refresh
from crm_sync.connecting import accounts
from crm_sync.health import charts
from crm_sync.health.figures import FAILED_CHANGES, WAITING_CHANGES, counts_of, health_of, name_subjects
from crm_sync.models import Connection, InboxEvent, OutboxChange
from crm_sync.settings_views.forms import ConnectForm, KeysForm
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.tenancy import workspace_transaction

CONNECT = "crm_sync/settings/connect.html"
SHOWN = 25


@require_safe
@settings_view("crm.view")
def connection_list(request):
    found = list(Connection.objects.order_by("created_at"))
    counts = counts_of(found)
    listed = [(connection, *counts[connection.pk]) for connection in found]
    context = {"connections": listed, "may_manage": request.member.may("crm.manage")}
    return render(request, "crm_sync/settings/list.html", context)


@sensitive_post_parameters("token", "secret")
@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage", calls_out=True)
def connect(request):
    form = ConnectForm(request.POST or None)
    known = _tried(form, form.data.get("account", "")) if request.method == "POST" else None
    with workspace_transaction(request.workspace):
        if known is not None:
            try:
                by = Actor.of_member(request.member)
                made = accounts.connect_hubspot(**form.cleaned_data, by=by, fields_known=known)
            except accounts.ConnectError as error:
                form.add_error(error.field or None, str(error))
            else:
                messages.success(request, "HubSpot is connected. Map the properties that both sides share.")
                return redirect("settings:crm_mapping", made.pk)
        return render(request, CONNECT, {"form": form}, status=422 if form.is_bound else 200)


@sensitive_post_parameters("token", "secret")
@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage", calls_out=True)
def keys(request, pk):
    with workspace_transaction(request.workspace):
        connection = get_object_or_404(Connection.objects, pk=pk)
    form = KeysForm(request.POST or None, initial={"app": connection.app})
    known = _tried(form, connection.account) if request.method == "POST" else None
    with workspace_transaction(request.workspace):
        if known is not None:
            accounts.renew(connection, **form.cleaned_data, fields_known=known)
            messages.success(request, "The new keys work. What waited goes on now.")
            return redirect("settings:crm_connection", pk)
        context = {"form": form, "connection": connection}
        return render(request, CONNECT, context, status=422 if form.is_bound else 200)


def _tried(form, account):
    """HubSpot's fields when these keys work; else None, with the error beside the field to mend."""
    if not form.is_valid():
        return None
    try:
        return accounts.try_hubspot(token=form.cleaned_data["token"], account=account)
    except accounts.ConnectError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return None


@require_safe
@settings_view("crm.view")
def connection_health(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    health = health_of(connection)
    changes = OutboxChange.objects.filter(
        link__connection=connection, state__in=[*WAITING_CHANGES, *FAILED_CHANGES]
    )
    changes = changes.select_related("mapping__prop", "link__partner", "link__contact")
    events = InboxEvent.objects.filter(connection=connection, state__in=["pending", "dead"])
    context = {
        "connection": connection,
        "health": health,
        "lag": charts.lag_chart(health.hours),
        "throughput": charts.changes_chart(health.hours),
        "open_changes": changes.order_by("state", "created_at")[:SHOWN],
        "open_events": name_subjects(connection, events.order_by("state", "received_at")[:SHOWN]),
        "linked": connection.records.count(),
        "mapped": connection.mappings.count(),
        "may_manage": request.member.may("crm.manage"),
    }
    return render(request, "crm_sync/settings/health.html", context)


@require_POST
@settings_view("crm.manage")
def pause(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    accounts.pause(connection, by=Actor.of_member(request.member))
    messages.success(request, "Paused. Changes of both sides wait here until you resume.")
    return redirect("settings:crm_connection", pk)


@require_POST
@settings_view("crm.manage")
def resumption(request, pk):
    accounts.resume(get_object_or_404(Connection.objects, pk=pk))
    messages.success(request, "Resumed. What waited goes on now.")
    return redirect("settings:crm_connection", pk)


@require_POST
@settings_view("crm.manage")
def reading(request, pk):
    """Reads every linked record again."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    links = list(connection.records.all())
    refresh(links)
    messages.success(request, f"Reading {len(links):,} record{pluralize(len(links))} again.")
    return redirect("settings:crm_connection", pk)


@require_POST
@settings_view("crm.manage")
def disconnection(request, pk):
    accounts.disconnect(get_object_or_404(Connection.objects, pk=pk))
    messages.success(request, "HubSpot is disconnected. Partners and contacts stay as they are.")
    return redirect("settings:crm")
