from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from workspaces import invitations
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.contact_list import ContactList
from workspaces.exports import csv_response, in_export
from workspaces.models import Contact, Partner
from workspaces.properties import PropertyErrors, create_contact, move_contact, properties_of
from workspaces.record_forms import PropertyForm
from workspaces.settings_views import records

PARTNERS_OFFERED = 20


@settings_view("contacts.view")
@require_safe
def contact_list(request):
    shown = ContactList(request.GET, member=request.member, zone=request.workspace.zone)
    may_create = request.member.may("contacts.manage")
    return records.render_list(request, "workspaces/settings/contacts.html", shown, may_create=may_create)


@settings_view("contacts.view")
@require_safe
def contact_export(request):
    shown = ContactList(request.GET, member=request.member, zone=request.workspace.zone)
    props = list(shown.props.values())
    header = [*(prop.label for prop in props), "Partner", "Status", "Added", "Id", "Partner id"]
    rows = (
        [
            *(in_export(shown.display, prop, contact.value(prop)) for prop in props),
            contact.partner,
            contact.get_status_display(),
            contact.created_at.isoformat(timespec="seconds"),
            contact.pk,
            contact.partner_id,
        ]
        for contact in shown.ordered().iterator(chunk_size=500)
    )
    return csv_response("contacts.csv", header, rows)


@settings_view("contacts.manage")
def choose_partner(request):
    """The first step of an invitation that did not begin at a partner."""
    content = {"title": "Invite a contact", "question": "Which partner do they work for?"}
    content |= {"crumb": "Contacts", "crumb_url": reverse("settings:contacts")}
    return _offer_partners(request, content)


@settings_view("contacts.manage")
def new_contact(request, partner_pk):
    partner = records.own_partner(request, partner_pk)
    props = list(properties_of("contact").values())
    form = PropertyForm(props, data=request.POST or None, prefix="p")
    if request.method != "POST":
        form.initial["role"] = next(
            (o["value"] for p in props if p.key == "role" for o in p.options if o.get("default")), ""
        )
    elif form.is_valid() and (contact := _create(request, partner, form)):
        if "invite" in request.POST:
            _invite(request, contact)
        else:
            messages.success(request, f"{contact} is added, and not invited yet.")
        return redirect("settings:contact", contact.pk)
    status = 422 if request.method == "POST" else 200
    content = {"form": form, "partner": partner}
    return render(request, "workspaces/settings/contact_new.html", content, status=status)


@settings_view("contacts.view")
@require_safe
def contact(request, pk):
    contact = records.contact_or_404(pk)
    display = records.display_for(request)
    content = {
        **frame(request, contact, "overview"),
        "values": records.values_of(contact, display),
        "changes": records.changes_of(contact, display, limit=records.RECENT),
    }
    return render(request, "workspaces/settings/contact.html", content)


@settings_view("contacts.view")
@require_safe
def contact_history(request, pk):
    contact = records.contact_or_404(pk)
    changes = records.changes_of(contact, records.display_for(request))
    content = {**frame(request, contact, "history"), "changes": changes, "limit": records.HISTORY}
    return render(request, "workspaces/settings/contact_history.html", content)


@settings_view("contacts.manage")
def contact_values(request, pk):
    contact = records.own_contact(request, pk)
    props = list(properties_of("contact").values())
    page, status = "workspaces/settings/contact_values.html", 200
    form = PropertyForm(props, contact, prefix="p")
    if request.method == "POST":
        records.lock_and_refresh(contact)
        form = PropertyForm(props, contact, request.POST, prefix="p")
        status = records.save_values(request, contact, form)
        if status == 200:
            messages.success(request, "Saved.")
            return redirect("settings:contact", contact.pk)
    content = {**frame(request, contact, "overview"), "form": form, "conflict": status == 409}
    return render(request, page, content, status=status)


@settings_view("contacts.manage")
def contact_partner(request, pk):
    """Moves a contact. A partner manager moves only between their own partners."""
    contact = records.own_contact(request, pk)
    if request.method == "POST":
        partner = records.partner_of_body(request)
        try:
            with transaction.atomic():
                move_contact(contact, partner, by=Actor.of_member(request.member))
        except IntegrityError:
            messages.error(request, f"{partner} already has a contact with the address {contact.email}.")
            return redirect("settings:contact-partner", contact.pk)
        messages.success(request, f"{contact} is at {partner} now.")
        return redirect("settings:contact", contact.pk)
    content = {"title": f"Move {contact}", "question": "Which partner do they work for now?"}
    content |= {
        "crumb": contact,
        "crumb_url": reverse("settings:contact", args=[contact.pk]),
        "moved": contact,
    }
    return _offer_partners(request, content, without=contact.partner_id)


@settings_view("contacts.manage")
@require_POST
def contact_invitation(request, pk):
    contact = records.own_contact(request, pk)
    if contact.status == Contact.Status.SUSPENDED:
        raise PermissionDenied
    _invite(request, contact)
    return redirect("settings:contact", contact.pk)


@settings_view("contacts.manage")
@require_POST
def contact_suspension(request, pk):
    contact = records.own_contact(request, pk)
    invitations.suspend(contact)
    messages.success(request, f"{contact} is suspended and can no longer open the portal.")
    return redirect("settings:contact", contact.pk)


@settings_view("contacts.manage")
@require_POST
def contact_reactivation(request, pk):
    contact = records.own_contact(request, pk)
    invitations.reactivate(contact)
    messages.success(request, f"{contact} can open the portal again.")
    return redirect("settings:contact", contact.pk)


def _create(request, partner, form):
    """The new contact, or None with the reason in the form."""
    try:
        with transaction.atomic():
            return create_contact(partner, form.values(), by=Actor.of_member(request.member))
    except PropertyErrors as error:
        form.add_property_errors(error)
    except IntegrityError:
        form.add_error("email", records.ADDRESS_TAKEN)
    return None


def _invite(request, contact):
    invitations.invite(contact, by=request.member)
    messages.success(request, f"The invitation is on its way to {contact.email}.")


def _offer_partners(request, content, *, without=None):
    q = request.GET.get("q", "").replace("\x00", "").strip()
    partners = Partner.objects.for_member(request.member).exclude(pk=without).filter(name__icontains=q)
    found = list(partners.order_by("name", "pk")[: PARTNERS_OFFERED + 1])
    content |= {"partners": found[:PARTNERS_OFFERED], "more": len(found) > PARTNERS_OFFERED, "q": q}
    page = "workspaces/settings/choose_partner.html"
    return render(request, f"{page}#found" if request.htmx else page, content)


def frame(request, contact, current):
    role = properties_of("contact").get("role")
    return {
        "contact": contact,
        "record": contact,
        "current": current,
        "role": role.option_label(contact.value(role)) if role and contact.value(role) else "",
        "may_change": records.may_change(request.member, contact),
        "access_url": records.route("settings:contact-access", contact.pk),
        "sign_in_address": invitations.sign_in_address(contact.workspace),
    }
