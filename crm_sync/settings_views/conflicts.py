"""What both sides could not both be right about, and a person's word on it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from crm_sync.health import settling
from crm_sync.models import Conflict, Connection
from crm_sync.models.queues import in_words
from crm_sync.models.records import LINKS, OF_LINKS
from workspaces.access import settings_view
from workspaces.actors import Actor

A_PAGE = 30
DECISIONS = {
    "crm": lambda conflict, by: settling.use(conflict, "crm", by=by),
    "portal": lambda conflict, by: settling.use(conflict, "portal", by=by),
    "same": lambda conflict, by: settling.same(conflict, by=by),
    "different": lambda conflict, by: settling.different(conflict, by=by),
}


@require_safe
@settings_view("crm.view")
def conflict_list(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    rows = Conflict.objects.filter(connection=connection).select_related("mapping__prop", *OF_LINKS, *LINKS)
    decided = Paginator(rows.exclude(settled_at=None).order_by("-at", "-pk"), A_PAGE)
    page = decided.get_page(request.GET.get("page"))
    page.object_list = [_worded(row) for row in page.object_list]
    context = {
        "connection": connection,
        "open": [_worded(row) for row in rows.open().order_by("-at")[:A_PAGE]],
        "page": page,
        "may_manage": request.member.may("crm.manage"),
    }
    return render(request, "crm_sync/settings/conflicts.html", context)


def _worded(row: Any) -> Any:
    """Both values as people read them."""
    prop = row.mapping.prop if row.mapping else None
    row.there = in_words(prop, row.theirs) or "Empty" if prop else row.name
    row.here = in_words(prop, row.ours) or "Empty" if prop else str(row.ours_record or "")
    row.subject = row.link.record if row.link else row.name or f"{row.object_type} {row.external_id}"
    return row


@require_POST
@settings_view("crm.manage")
def decision(request, pk, conflict_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = get_object_or_404(
        Conflict.objects.filter(connection=connection).select_related(
            "connection__workspace", "mapping__prop", *OF_LINKS, *LINKS
        ),
        pk=conflict_pk,
    )
    decide = DECISIONS.get(request.POST.get("decision", ""))
    if decide is not None:
        try:
            decide(found, Actor.of_member(request.member))
            messages.success(request, "Decided. Both sides follow in a moment.")
        except settling.CannotSettle as error:
            messages.error(request, str(error))
    return redirect("settings:crm_conflicts", pk)
