"""Settings → Notifications: what holds for everybody, and the ledger of what was told."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.notifications import ledger
from portal.notifications.forms import DefaultsForm, DeliveryFilters
from portal.notifications.models import Notice
from segments.models import SegmentNotification
from segments.notifications import set_defaults
from workspaces.access import settings_view
from workspaces.models import Contact

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("notifications.view")
def notifications(request):
    may_manage = request.member.may("notifications.manage")
    if request.method == "POST" and not may_manage:
        raise PermissionDenied
    form = DefaultsForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        set_defaults(form.levels())
        messages.success(request, "Saved. It holds for whatever happens from now on.")
        return redirect("settings:notifications")
    said = SegmentNotification.objects.filter(segment__archived_at=None).select_related("segment")
    segments = {row.segment for row in said}
    context = {
        "form": form,
        "may_manage": may_manage,
        "segments": sorted(segments, key=lambda segment: segment.name),
    }
    status = 422 if form.is_bound else 200
    return render(request, "portal/notifications/settings/defaults.html", context, status=status)


@require_safe
@settings_view("notifications.view")
def deliveries(request):
    filters = DeliveryFilters(request.GET)
    page = Paginator(ledger.find(filters), PAGE).get_page(request.GET.get("page"))
    page.object_list = ledger.entries(page.object_list)
    context = {
        "page": page,
        "filters": filters,
        "contact": _asked_for(filters),
        "none_at_all": not page.object_list and not filters.narrowed and not Notice.objects.exists(),
    }
    template = "portal/notifications/settings/deliveries.html"
    return render(request, f"{template}#rows" if request.htmx else template, context)


def _asked_for(filters):
    contact_id = filters.cleaned_data.get("contact")
    return Contact.objects.filter(pk=contact_id).first() if contact_id else None
