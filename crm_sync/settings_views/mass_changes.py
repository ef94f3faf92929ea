"""What was held because it came to too many records at once: who is concerned, and a person's word on it."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from crm_sync.breaker import deciding, telling
from crm_sync.models import Connection, MassChange
from workspaces.access import settings_view
from workspaces.actors import Actor

A_PAGE = 50
DECIDED_MEANWHILE = "Somebody has decided about this already."


class LimitForm(forms.Form):
    """From which part of the records on a change is held."""

    mass_percent = forms.TypedChoiceField(
        label="Hold a change that comes to more than",
        coerce=int,
        choices=[
            (10, "10 % of the records"),
            (30, "30 % of the records"),
            (50, "50 % of the records"),
            (80, "80 % of the records"),
            (0, "Never hold"),
        ],
    )


@require_safe
@settings_view("crm.view")
def held(request, pk, mass_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = MassChange.objects.filter(connection=connection).select_related("connection", "mapping__prop")
    mass = get_object_or_404(found, pk=mass_pk)
    page = Paginator(mass.held.order_by("at", "pk"), A_PAGE).get_page(request.GET.get("page"))
    page.object_list = telling.samples(mass, page.object_list)
    context = {"connection": connection, "mass": mass, "page": page}
    context["passed"] = deciding.passed(mass).count()
    context["may_manage"] = request.member.may("crm.manage")
    return render(request, "crm_sync/settings/held.html", context)


@require_POST
@settings_view("crm.manage")
def release(request, pk, mass_pk):
    """Go on: what is held, and what follows of it within the hour."""
    mass = _mass_change(pk, mass_pk)
    if deciding.release(mass, by=Actor.of_member(request.member)):
        messages.success(request, f"{mass}: what was held goes on now.")
    else:
        messages.info(request, DECIDED_MEANWHILE)
    return redirect("settings:crm_connection", pk)


@require_POST
@settings_view("crm.manage")
def rejection(request, pk, mass_pk):
    mass = _mass_change(pk, mass_pk)
    reason = request.POST.get("reason", "").strip()[:300]
    if not reason:
        messages.error(request, "Say why: the reason is kept with what is discarded.")
        return redirect("settings:crm_held", pk, mass_pk)
    put_back = request.POST.get("put_back") == "on"
    if deciding.reject(mass, reason=reason, by=Actor.of_member(request.member), put_back=put_back):
        messages.success(request, f"{mass}: what was held is discarded. Both sides stay as they are.")
    else:
        messages.info(request, DECIDED_MEANWHILE)
    return redirect("settings:crm_connection", pk)


@require_POST
@settings_view("crm.manage")
def limit(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    form = LimitForm(request.POST)
    if form.is_valid():
        connection.mass_percent = form.cleaned_data["mass_percent"]
        connection.save(update_fields=["mass_percent"])
        deciding.note_limit(connection, by=Actor.of_member(request.member))
        messages.success(request, "Saved.")
    return redirect("settings:crm_connection", pk)


def _mass_change(pk, mass_pk) -> MassChange:
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = MassChange.objects.filter(connection=connection).select_related("connection", "mapping__prop")
    return get_object_or_404(found, pk=mass_pk)
