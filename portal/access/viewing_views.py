"""The portal through a contact's eyes. Everything is asked for the contact; nothing can be done there."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from portal.access import team, viewing
from portal.access.forms import ReasonForm
from portal.access.models import Viewing
from portal.experiences import open_tabs, pages
from portal.experiences.models import Experience
from portal.experiences.settings_views import preview
from portal.profile import page as profile
from portal.quotes.models import Quote
from segments.viewer import viewer_of
from workspaces.access import settings_view
from workspaces.models import Contact
from workspaces.settings_views import records

QUOTES = 50
EXTRAS = {"quotes": "Quotes", "profile": "Profile", "team": "My team"}


@require_safe
@settings_view("contacts.manage")
def shown(request, pk, key=None, extra=None):
    """A tab, or one of the pages that every contact has. Over means over: at once, and for the member alone."""
    found = _viewing(request, pk)
    if found.ended_at or found.ends_at <= timezone.now():
        messages.info(request, "You no longer look as this person. Give a reason to look again.")
        return redirect("settings:contact-access", found.contact_id)
    if found.contact.status == Contact.Status.SUSPENDED:
        return redirect("settings:contact-access", found.contact_id)
    # From here on the page is asked for the contact, gates and content alike.
    request.contact, request.viewer = found.contact, viewer_of(found.contact)
    content = {"viewing": found, "target": found.contact, **_content(request, key, extra)}
    # The frame around it is the team's again.
    del request.contact
    return render(request, "portal/access/settings/viewing.html", content)


@require_safe
@settings_view("experiences.view")
def draft(request, pk, contact, key=None):
    """What is not published yet, as the contact would find it: asked for like everything of theirs."""
    experience = get_object_or_404(Experience.objects, pk=pk)
    target = records.contact_or_404(contact)
    found = viewing.open_one(target, member=request.member)
    if found is not None:
        return preview.as_contact(request, pk, target, viewing=found, key=key)
    may_look = records.may_change(request.member, target) and target.status != Contact.Status.SUSPENDED
    content = {"experience": experience, "target": target, "form": ReasonForm(), "may_look": may_look}
    return render(request, "portal/access/settings/reason.html", content)


@require_POST
@settings_view("contacts.manage")
def ending(request, pk):
    found = _viewing(request, pk)
    viewing.end(found)
    return redirect("settings:contact-access", found.contact_id)


def _viewing(request, pk):
    """Nobody reads through another member's."""
    rows = Viewing.objects.select_related("contact__partner", "contact__workspace")
    return get_object_or_404(rows, pk=pk, member=request.member)


def _content(request, key, extra):
    tabs = _tabs(request.viewer, key, extra)
    content = {"tabs": tabs, "extras": EXTRAS.items(), "extra": extra}
    if extra == "quotes":
        return content | {"quotes": list(Quote.objects.visible_to(request.viewer).with_totals()[:QUOTES])}
    if extra == "profile":
        return content | profile.context(request)
    if extra == "team":
        return content | {"colleagues": team.colleagues(request.contact)}
    tab = next((tab for tab in tabs if tab.key == key), None) if key else next(iter(tabs), None)
    if key and tab is None:
        raise Http404
    main, side = pages.sections_for(tab, request, address=request.path) if tab else ([], [])
    return content | {"tab": tab, "main": main, "side": side}


def _tabs(viewer, key, extra):
    if extra:
        return open_tabs.find(viewer)
    wanted = open_tabs.BY_KEY if key else open_tabs.FIRST
    return open_tabs.find(viewer, wanted=wanted, key=key)
