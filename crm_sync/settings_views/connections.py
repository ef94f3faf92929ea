"""The list of connections, connecting, and what concerns a connection as a whole."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST, require_safe

from crm_sync.agreement.refreshing import refresh
from crm_sync.breaker.telling import mass_changes_of
from crm_sync.connecting import accounts, signing
from crm_sync.connecting.standing import standing_of
from crm_sync.connecting.stream_state import state_of
from crm_sync.health import charts
from crm_sync.health.allowances import budget_of
from crm_sync.health.figures import FAILED_CHANGES, WAITING_CHANGES, counts_of, health_of, name_subjects
from crm_sync.health.looks import looks_of
from crm_sync.models import Connection, InboxEvent, OutboxChange
from crm_sync.models.records import OF_LINKS
from crm_sync.settings_views.mass_changes import LimitForm
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.tenancy import workspace_transaction

SHOWN = 25


@require_safe
@settings_view("crm.view")
def connection_list(request):
    found = list(Connection.objects.order_by("created_at"))
    counts = counts_of(found)
    listed = [(connection, standing_of(connection), *counts[connection.pk]) for connection in found]
    context = {"connections": listed, "may_manage": request.member.may("crm.manage")}
    return render(request, "crm_sync/settings/list.html", context)


@require_safe
@settings_view("crm.view")
def connection_health(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    health = health_of(connection)
    changes = OutboxChange.objects.filter(
        link__connection=connection, state__in=[*WAITING_CHANGES, *FAILED_CHANGES]
    )
    changes = changes.select_related("mapping__prop", *OF_LINKS)
    events = InboxEvent.objects.filter(connection=connection, state__in=["pending", "dead"])
    context = {
        "connection": connection,
        "standing": standing_of(connection),
        "stream": state_of(connection),
        "health": health,
        "mass_changes": mass_changes_of(connection),
        "budget": budget_of(connection),
        "looks": looks_of(connection),
        "limit_form": LimitForm(initial={"mass_percent": connection.mass_percent}),
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
@settings_view("crm.manage", calls_out=True)
def disconnection(request, pk):
    """The CRM is told too, where it can be; nothing depends on its answer."""
    with workspace_transaction(request.workspace):
        connection = get_object_or_404(Connection.objects, pk=pk)
        revocable = accounts.disconnect(connection, by=Actor.of_member(request.member))
    if revocable:
        signing.revoke(connection, **revocable)
    text = f"{connection} is disconnected and its keys are wiped. Partners and contacts stay as they are."
    messages.success(request, text)
    return redirect("settings:crm")


@require_POST
@settings_view("crm.manage")
def removal(request, pk):
    """Of a disconnected account: its mapping, links and history too."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    if connection.status != Connection.Status.DISCONNECTED:
        messages.error(request, f"Disconnect {connection} first: its keys have to be wiped.")
        return redirect("settings:crm_connection", pk)
    accounts.forget(connection)
    messages.success(request, f"Everything about this {connection} account is removed.")
    return redirect("settings:crm")
