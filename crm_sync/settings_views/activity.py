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
from crm_sync.models.records import OF_LINKS
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
    changes = changes.select_related("mapping__prop", *OF_LINKS)
    return _listed(request, connection, "outgoing", changes, OutboxChange.State)


def _listed(request, connection, way, rows, states):
    state, words = request.GET.get("state", ""), request.GET.get("q", "").strip()
    if state in states.values:
        rows = rows.filter(state=state)
    if words:
        rows = rows.filter(**{f"{'reason' if way == 'incoming' else 'message'}__icontains": words})
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    if way == "incoming":
        page.object_list = name_subjects(connection, page.object_list)
    context = {
        "connection": connection,
        "page": page,
        "states": states.choices,
        "state": state,
        "q": words,
        "failed": state in ("dead", "parked"),
        "may_manage": request.member.may("crm.manage"),
    }
    return render(request, f"crm_sync/settings/{way}.html", context)


@require_POST
@settings_view("crm.manage")
def replay(request, pk):
    """Events again: one, or all that failed."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    events = InboxEvent.objects.filter(connection=connection)
    chosen = _chosen(events, request.POST, dead_letters.FAILED_EVENTS, "reason")
    count = dead_letters.replay_events(chosen, connection, by=request.member)
    messages.success(request, f"Trying {count:,} event{pluralize(count)} again.")
    return _back(request, pk, "settings:crm_in")


@require_POST
@settings_view("crm.manage")
def resending(request, pk):
    """Values again: one, or all that failed or were refused."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    changes = OutboxChange.objects.filter(link__connection=connection)
    chosen = _chosen(changes, request.POST, dead_letters.FAILED_CHANGES, "message")
    count = dead_letters.resend(chosen, connection, by=request.member)
    messages.success(request, f"Sending {count:,} change{pluralize(count)} again.")
    return _back(request, pk, "settings:crm_out")


@require_POST
@settings_view("crm.manage")
def discarding(request, pk, way):
    """What failed and is not wanted any more: one, or all that a filter shows, with the reason."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    reason = request.POST.get("reason", "").strip()[:300]
    if way not in ("in", "out"):
        raise Http404
    if not reason:
        messages.error(request, "Say why: the reason is kept with what is discarded.")
        return _back(request, pk, f"settings:crm_{way}")
    if way == "in":
        rows = InboxEvent.objects.filter(connection=connection)
        chosen = _chosen(rows, request.POST, dead_letters.FAILED_EVENTS, "reason")
        count = dead_letters.discard_events(chosen, connection, reason=reason, by=request.member)
    else:
        changes = OutboxChange.objects.filter(link__connection=connection)
        chosen = _chosen(changes, request.POST, dead_letters.FAILED_CHANGES, "message")
        count = dead_letters.discard_changes(chosen, connection, reason=reason, by=request.member)
    messages.success(request, f"{count:,} discarded.")
    return _back(request, pk, f"settings:crm_{way}")


def _chosen(rows, posted, failed, words):
    """One, or those that failed: all of them, or the ones with this state and these words."""
    if one := posted.get("one"):
        try:
            return rows.filter(pk=UUID(one))
        except ValueError as error:
            raise Http404 from error
    state = posted.get("state", "")
    rows = rows.filter(state__in=[state] if state in failed else failed)
    return rows.filter(**{f"{words}__icontains": posted["q"]}) if posted.get("q") else rows


def _back(request, pk, listed):
    return redirect("settings:crm_connection" if request.POST.get("from") == "health" else listed, pk)
