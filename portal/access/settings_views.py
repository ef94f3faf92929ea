"""What somebody is in, may do and finds, and who finds something: read by the team."""

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal.access import gates, standing, viewing
from portal.access.forms import ReasonForm
from portal.access.sight import sight_of
from portal.notifications.choosing import by_kind, of_viewer, preference_of
from portal.profile.editors import editors
from segments.models import Audience
from segments.permissions import permissions_of
from segments.viewer import viewer_of
from workspaces.access import settings_view
from workspaces.models import Contact
from workspaces.settings_views import contacts, partners, records

PAGE = 50


@require_safe
@settings_view("contacts.view")
def contact_access(request, pk):
    return _contact_page(request, records.contact_or_404(pk))


@require_safe
@settings_view("partners.view")
def partner_access(request, pk):
    partner = records.partner_or_404(pk)
    standings = standing.of_partner(partner, member=request.member)
    content = {
        **partners.frame(request, partner, "access"),
        "inside": [one for one in standings if one.inside],
        "outside": [one for one in standings if not one.inside],
        "editors": editors([partner.pk]).get(partner.pk),
        "people": Contact.objects.filter(partner=partner).order_by("name", "pk")[:PAGE],
    }
    return render(request, "portal/access/settings/partner.html", content)


@require_POST
@settings_view("contacts.manage")
def viewings(request, pk):
    """Begins to see the portal as the contact does. The row is written before anything is shown."""
    contact = records.own_contact(request, pk)
    if contact.status == Contact.Status.SUSPENDED:
        raise PermissionDenied
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _contact_page(request, contact, form)
    begun = viewing.begin(contact, member=request.member, reason=form.cleaned_data["reason"])
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith("/")
    return redirect(asked) if safe else redirect("settings:viewing", begun.pk)


@require_safe
@settings_view("segments.view")
def gate(request, pk):
    """Who gets through an audience, and through what stands before it."""
    thing = gates.behind(get_object_or_404(Audience.objects.prefetch_related("named__segment"), pk=pk))
    if thing is None:
        raise Http404
    words = request.GET.get("q", "").replace("\x00", "").strip()
    seen_by = thing.seen_by()
    total = seen_by.count()
    if words:
        called = Q(name__icontains=words) | Q(email__icontains=words) | Q(partner__name__icontains=words)
        seen_by = seen_by.filter(called)
    page = Paginator(seen_by, PAGE).get_page(request.GET.get("page"))
    everyone = gates.people().count()
    content = {"thing": thing, "page": page, "q": words, "total": total, "everyone": everyone}
    return render(request, "portal/access/settings/gate.html", content)


def _contact_page(request, contact, form=None):
    viewer = viewer_of(contact)
    standings = standing.of_contact(contact, viewer, member=request.member)
    frame = contacts.frame(request, contact, "access")
    content = {
        **frame,
        "inside": [one for one in standings if one.inside],
        "outside": [one for one in standings if not one.inside],
        "permissions": permissions_of(viewer, request.workspace),
        "sight": sight_of(viewer),
        "news": by_kind(of_viewer(viewer, preference_of(contact))),
        "viewings": viewing.latest(contact),
        "reason_form": form or ReasonForm(),
        "may_view_as": frame["may_change"] and contact.status != Contact.Status.SUSPENDED,
    }
    return render(request, "portal/access/settings/contact.html", content, status=422 if form else 200)
