from django.contrib import messages
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.exports import csv_response, in_export
from workspaces.forms import OwnerForm
from workspaces.models import Contact
from workspaces.partner_list import PartnerList
from workspaces.properties import PropertyErrors, create_partner, properties_of
from workspaces.record_forms import PropertyForm
from workspaces.settings_views import records

CONTACTS_SHOWN = 12


@settings_view("partners.view")
@require_safe
def partner_list(request):
    shown = PartnerList(request.GET, member=request.member, zone=request.workspace.zone)
    may_create = request.member.may("partners.manage")
    return records.render_list(request, "workspaces/settings/partners.html", shown, may_create=may_create)


@settings_view("partners.view")
@require_safe
def partner_export(request):
    shown = PartnerList(request.GET, member=request.member, zone=request.workspace.zone)
    props = list(shown.props.values())
    header = [*(prop.label for prop in props), "Owner", "Added", "Id"]
    rows = (
        [
            *(in_export(shown.display, prop, partner.value(prop)) for prop in props),
            partner.owner or "",
            partner.created_at.isoformat(timespec="seconds"),
            partner.pk,
        ]
        for partner in shown.ordered().iterator(chunk_size=500)
    )
    return csv_response("partners.csv", header, rows)


@settings_view("partners.manage")
def new_partner(request):
    props = list(properties_of("partner").values())
    form = PropertyForm(props, data=request.POST or None, prefix="p")
    owner = OwnerForm(request.POST or None, initial={"owner": request.member.pk})
    may_choose = request.member.access != "manager"
    if request.method == "POST" and form.is_valid() and (not may_choose or owner.is_valid()):
        chosen = owner.cleaned_data["owner"] if may_choose else request.member
        try:
            partner = create_partner(form.values(), by=Actor.of_member(request.member), owner=chosen)
        except PropertyErrors as error:
            form.add_property_errors(error)
        else:
            messages.success(request, f"{partner.name} is a partner now.")
            return redirect("settings:partner", partner.pk)
    content = {"form": form, "owner": owner if may_choose else None}
    status = 422 if request.method == "POST" else 200
    return render(request, "workspaces/settings/partner_new.html", content, status=status)


@settings_view("partners.view")
@require_safe
def partner(request, pk):
    partner = records.partner_or_404(pk)
    display = records.display_for(request)
    contacts = Contact.objects.filter(partner=partner)
    role = properties_of("contact")["role"]
    shown = [
        (contact, display.text(role, contact.value(role)))
        for contact in contacts.order_by("name", "pk")[:CONTACTS_SHOWN]
    ]
    content = {
        **frame(request, partner, "overview"),
        "values": records.values_of(partner, display),
        "changes": records.changes_of(partner, display, limit=records.RECENT),
        "contacts": shown,
        "contact_count": contacts.count(),
        "owner_form": OwnerForm(initial={"owner": partner.owner_id}),
    }
    return render(request, "workspaces/settings/partner.html", content)


@settings_view("partners.view")
@require_safe
def partner_history(request, pk):
    partner = records.partner_or_404(pk)
    changes = records.changes_of(partner, records.display_for(request))
    content = {**frame(request, partner, "history"), "changes": changes, "limit": records.HISTORY}
    return render(request, "workspaces/settings/partner_history.html", content)


@settings_view("partners.manage")
def partner_values(request, pk):
    partner = records.own_partner(request, pk)
    props = list(properties_of("partner").values())
    if request.method != "POST":
        form = PropertyForm(props, partner, prefix="p")
        return render(
            request, "workspaces/settings/partner_values.html", _values_page(request, partner, form)
        )
    records.lock_and_refresh(partner)
    form = PropertyForm(props, partner, request.POST, prefix="p")
    status = records.save_values(request, partner, form)
    if status == 200:
        messages.success(request, "Saved.")
        return redirect("settings:partner", partner.pk)
    content = _values_page(request, partner, form) | {"conflict": status == 409}
    return render(request, "workspaces/settings/partner_values.html", content, status=status)


@settings_view("partners.manage")
@require_POST
def partner_owner(request, pk):
    partner = records.own_partner(request, pk)
    form = OwnerForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The owner was not changed: choose a member of the team.")
    else:
        partner.owner = form.cleaned_data["owner"]
        partner.save(update_fields=["owner"])
        messages.success(request, f"{partner.owner or 'Nobody'} looks after {partner.name} now.")
    return redirect("settings:partner", partner.pk)


def _values_page(request, partner, form):
    return {**frame(request, partner, "overview"), "form": form}


def frame(request, partner, current):
    """What every page of one partner shows around its content."""
    may_change = records.may_change(request.member, partner)
    return {
        "partner": partner,
        "record": partner,
        "current": current,
        "may_change": may_change,
        "access_url": records.route("settings:partner-access", partner.pk),
        "may_invite": may_change and request.member.may("contacts.manage"),
    }
