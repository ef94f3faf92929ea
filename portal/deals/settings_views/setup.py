"""What stages mean, and what partners are shown."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from portal.deals.forms import MeaningForm, SharingForm
from portal.deals.settings_views.frame import names
from portal.deals.sharing import Shared, share
from workspaces.access import settings_view
from workspaces.options import locked
from workspaces.properties import properties_of, save_property


@settings_view("deals.view")
def setup(request, level):
    prop = properties_of(level)["stage"]
    if request.method == "POST":
        if not request.member.may("properties.manage"):
            raise PermissionDenied
        prop = locked(prop)
    form = MeaningForm(prop, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        prop.options = form.options()
        save_property(prop)
        messages.success(request, "Saved.")
        return redirect(f"settings:{level}s-setup")
    return _page(request, level, form, SharingForm(Shared(level)))


@settings_view("properties.manage")
@require_POST
def sharing(request, level):
    form = SharingForm(Shared(level), request.POST)
    if not form.is_valid():
        return _page(request, level, MeaningForm(properties_of(level)["stage"]), form)
    share(level, form.properties())
    messages.success(request, "Saved.")
    return redirect(f"settings:{level}s-setup")


def _page(request, level, meaning, shown):
    content = {
        **names(level),
        "meaning": meaning,
        "shown": shown,
        "stage": meaning.prop,
        "may_manage": request.member.may("properties.manage"),
    }
    status = 422 if meaning.is_bound or shown.is_bound else 200
    return render(request, "portal/deals/settings/setup.html", content, status=status)
