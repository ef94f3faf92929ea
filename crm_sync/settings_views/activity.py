"""What came in and what went out, line by line, with the reasons; and trying again."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST, require_safe

from crm_sync.health import dead_letters
from crm_sync.health.figures import name_subjects
from crm_sync.models import Connection, InboxEvent, OutboxChange
from workspaces.access import settings_view

A_PAGE = 50


@require_safe
@settings_view("crm.view")
def incoming(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    events = InboxEvent.objects.filter(connection=connection).defer("raw").order_by("-received_at", "-pk")
    return _listed(request, connection, "incoming", events, InboxEvent.State)


@require_safe
@settings_view("crm.view")
def outgoing(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    changes = OutboxChange.objects.filter(link__connection=connection).order_by("-created_at", "-pk")
    changes = changes.select_related("mapping__prop", "link__partner", "link__contact")
    return _listed(request, connection, "outgoing", changes, OutboxChange.State)


def _listed(request, connection, way, rows, states):
    state = request.GET.get("state", "")
    if state in states.values:
        rows = rows.filter(state=state)
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    if way == "incoming":
        page.object_list = name_subjects(connection, page.object_list)
    context = {
        "connection": connection,
        "page": page,
        "states": states.choices,
        "state": state,
        "may_manage": request.member.may("crm.manage"),
    }
    return render(request, f"crm_sync/settings/{way}.html", context)


@require_POST
@settings_view("crm.manage")
def replay(request, pk):
    """Events again: one, or all that failed."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    events = InboxEvent.objects.filter(connection=connection)
    count = dead_letters.replay_events(_one_or_failed(events, request.POST.get("one"), ["dead"]))
    messages.success(request, f"Trying {count:,} event{pluralize(count)} again.")
    return _back(request, pk, "settings:crm_in")


@require_POST
@settings_view("crm.manage")
def resending(request, pk):
    """Values again: one, or all that failed or were refused."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    changes = OutboxChange.objects.filter(link__connection=connection)
    count = dead_letters.resend(_one_or_failed(changes, request.POST.get("one"), ["parked", "dead"]))
    messages.success(request, f"Sending {count:,} change{pluralize(count)} again.")
    return _back(request, pk, "settings:crm_out")


def _one_or_failed(rows, one, failed):
    if not one:
        return rows.filter(state__in=failed)
    try:
        return rows.filter(pk=UUID(one))
    except ValueError as error:
        raise Http404 from error


def _back(request, pk, listed):
    return redirect("settings:crm_connection" if request.POST.get("from") == "health" else listed, pk)
