"""What the pages of partners and contacts share: loading, who may change, values with their story."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils.dateparse import parse_datetime
from django_htmx.http import replace_url

from workspaces import locks
from workspaces.actors import Actor
from workspaces.display import Display
from workspaces.guard import guarded, is_confirmed
from workspaces.models import Contact, Partner, Property, PropertyDelivery
from workspaces.properties import PropertyErrors, history_of, properties_of, set_properties

RECENT = 8
HISTORY = 200
ADDRESS_TAKEN = "Another contact of this partner has this address."


@dataclass(frozen=True)
class ShownValue:
    prop: Any
    text: str
    set_at: Any
    delivery: Any
    crm: str  # who the value goes to, as people call it


@dataclass(frozen=True)
class ShownChange:
    prop: Any
    old: str
    new: str
    by: str
    at: Any


def partner_or_404(pk):
    return get_object_or_404(Partner.objects.select_related("owner__user"), pk=pk)


def contact_or_404(pk):
    return get_object_or_404(
        Contact.objects.select_related("partner__owner__user", "user", "workspace"), pk=pk
    )


def may_change(member, record):
    """Whether the member may change this very partner or contact (for_member, for one record in hand)."""
    if not member.may(f"{record.level}s.manage"):
        return False
    partner = record if record.level == "partner" else record.partner
    return member.access != "manager" or partner.owner_id == member.pk


def own_partner(request, pk):
    return _own(request, partner_or_404(pk))


def partner_of_body(request):
    """The partner that a form names. An id that is none names nobody."""
    try:
        return own_partner(request, uuid.UUID(request.POST.get("partner", "")))
    except ValueError as error:
        raise Http404 from error


def own_contact(request, pk):
    return _own(request, contact_or_404(pk))


def _own(request, record):
    if not may_change(request.member, record):
        raise PermissionDenied
    return record


def values_of(record, display):
    """Every live property of the record with what stands in it, since when, and how far it came to the CRM."""
    deliveries = {d.prop_id: d for d in PropertyDelivery.objects.filter(record_id=record.pk)}
    return [
        ShownValue(
            prop=prop,
            text=display.html(prop, record.value(prop)),
            set_at=parse_datetime(record.set_at.get(str(prop.number), "")),
            delivery=deliveries.get(prop.pk),
            crm=prop.get_source_display() if prop.source != Property.Source.PORTAL else "",
        )
        for prop in properties_of(record.level).values()
    ]


def changes_of(record, display, *, limit=HISTORY):
    return [
        ShownChange(
            prop=change.prop,
            old=display.brief(change.prop, change.old),
            new=display.brief(change.prop, change.new),
            by=change.actor_label,
            at=change.at,
        )
        for change in history_of(record, limit=limit)
    ]


def display_for(request):
    return Display(request.workspace.zone)


def lock_and_refresh(record):
    """Takes the record's locks and reads it again, so that a check of its version holds until the commit."""
    if record.level == "partner":
        locks.lock_for_partners([record])
    else:
        locks.lock_for_contacts([record])
    record.refresh_from_db()


def was_changed_meanwhile(request, record):
    """Whether the record is another than the one that the form was made from."""
    return request.POST.get("version", "") != str(record.version)


def route(name, *args):
    """The address of a page of another app, None where that app has none."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None


def save_values(request, record, form):
    """Saves a valid form of the record under its lock. The status says how it went: 200, 409 or 422."""
    if not form.is_valid():
        return 422
    if was_changed_meanwhile(request, record):
        form.show_what_is_saved(request.workspace.zone)
        return 409
    try:
        with guarded(partners=[getattr(record, "partner_id", record.pk)], confirmed=is_confirmed(request)):
            set_properties(record, form.values(), by=Actor.of_member(request.member))
    except PropertyErrors as error:
        form.add_property_errors(error)
        return 422
    except IntegrityError:
        form.add_error("email" if "email" in form.fields else None, ADDRESS_TAKEN)
        return 422
    return 200


def render_list(request, page, shown, **content):
    """The whole page, or for htmx the list alone, whose address then follows the filters."""
    request.GET = shown.params  # tidied, for the links that the page makes out of it
    content = {"list": shown, **content}
    if not request.htmx:
        return render(request, page, content)
    response = render(request, f"{page}#rows", content)
    return replace_url(response, f"{request.path}?{shown.params.urlencode(safe='~')}".rstrip("?"))
