"""Whose a deal or lead is: chosen first for a new one, and changed later."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render

from portal.deals import attributed
from portal.deals.forms import AttributionForm
from portal.deals.settings_views.frame import names, own_partner, record_or_404
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.models import Partner
from workspaces.properties import PropertyErrors, properties_of
from workspaces.record_forms import PropertyForm

OFFERED = 20


@settings_view("deals.manage")
def choose(request, level):
    """The first step of adding one: for which partner."""
    return _offer(request, level, {})


@settings_view("deals.manage")
def new(request, level, partner):
    partner = own_partner(request, partner)
    form = PropertyForm(list(properties_of(level).values()), data=request.POST or None, prefix="p")
    if request.method != "POST":
        form.initial.update(stage=_first_stage(form), owner=str(request.member.pk))
    elif form.is_valid() and (made := _create(request, level, partner, form)):
        messages.success(request, f"{made} is added, for {partner}.")
        return redirect(f"settings:{level}", made.pk)
    content = {**names(level), "form": form, "partner": partner}
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/deals/settings/new.html", content, status=status)


@settings_view("deals.manage")
def attribution(request, level, pk):
    """Who sells it, and who stands between."""
    record = record_or_404(request, level, pk)
    form = AttributionForm(request.POST or None)
    if not form.is_bound:
        return _offer(request, level, {"record": record})
    if not form.is_valid():
        raise Http404
    chosen = form.cleaned_data["partner"]
    partner = own_partner(request, chosen) if form.cleaned_data["role"] != "none" else None
    _attribute(record, partner, form.cleaned_data["role"], by=Actor.of_member(request.member))
    messages.success(request, "Saved.")
    return redirect(f"settings:{level}", record.pk)


def _create(request, level, partner, form):
    try:
        return attributed.create(level, form.values(), partner=partner, by=Actor.of_member(request.member))
    except PropertyErrors as error:
        form.add_property_errors(error)
        return None


def _first_stage(form):
    options = form.props["stage"].options
    return next((o["value"] for o in options if o.get("default")), options[0]["value"] if options else "")


def _offer(request, level, content):
    q = request.GET.get("q", "").replace("\x00", "").strip()
    partners = Partner.objects.for_member(request.member).filter(name__icontains=q).order_by("name", "pk")
    found = list(partners[: OFFERED + 1])
    content = {**names(level), **content, "partners": found[:OFFERED], "more": len(found) > OFFERED, "q": q}
    page = "portal/deals/settings/choose.html"
    return render(request, f"{page}#found" if request.htmx else page, content)


def _attribute(record, partner, role, *, by):
    """Who comes in the place of the other changes places with it, rather than being there twice."""
    seller, distributor = record.partner, record.distributor
    if role == "partner":
        seller, distributor = partner, seller if distributor == partner else distributor
    elif role == "distributor":
        if partner == seller:
            raise PermissionDenied
        distributor = partner
    else:
        distributor = None
    attributed.attribute(record, partner=seller, distributor=distributor, by=by)
