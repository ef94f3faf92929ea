"""Settings → Deals and Settings → Leads. A partner manager finds only those of their own partners."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.deals import collaborators, concerned
from portal.deals.lists import AttributedList
from portal.deals.settings_views.frame import frame, names, record_or_404
from workspaces.access import settings_view
from workspaces.exports import csv_response, in_export
from workspaces.settings_views import records

PEOPLE = 500


@settings_view("deals.view")
@require_safe
def listing(request, level):
    shown = AttributedList(level, request.GET, member=request.member, zone=request.workspace.zone)
    content = {**names(level), "may_manage": request.member.may("deals.manage")}
    return records.render_list(request, "portal/deals/settings/list.html", shown, **content)


@settings_view("deals.view")
@require_safe
def export(request, level):
    shown = AttributedList(level, request.GET, member=request.member, zone=request.workspace.zone)
    props = list(shown.props.values())
    header = [*(prop.label for prop in props), "Partner", "Distributor", "State", "Added", "Id"]
    rows = (
        [
            *(in_export(shown.display, prop, record.value(prop)) for prop in props),
            record.partner,
            record.distributor or "",
            record.get_outcome_display(),
            record.created_at.isoformat(timespec="seconds"),
            record.pk,
        ]
        for record in shown.ordered().iterator(chunk_size=500)
    )
    return csv_response(f"{level}s.csv", header, rows)


@settings_view("deals.view")
@require_safe
def detail(request, level, pk):
    record = record_or_404(request, level, pk)
    display = records.display_for(request)
    content = {
        **frame(request, record, "overview"),
        "values": records.values_of(record, display),
        "changes": records.changes_of(record, display, limit=records.RECENT),
        "people": collaborators.of(record),
        "candidates": collaborators.candidates(record)[:PEOPLE],
        "segments": concerned.segments(record),
    }
    return render(request, "portal/deals/settings/detail.html", content)


@settings_view("deals.view")
@require_safe
def history(request, level, pk):
    record = record_or_404(request, level, pk)
    changes = records.changes_of(record, records.display_for(request))
    content = {**frame(request, record, "history"), "changes": changes, "limit": records.HISTORY}
    return render(request, "portal/deals/settings/history.html", content)
