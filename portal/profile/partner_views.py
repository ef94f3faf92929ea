"""A partner's own page. Who may edit what is asked anew with every request (Settings → Partner profile)."""

import logging
import re

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.profile import delivery, editing, logos, page
from portal.profile.forms import ProfileForm
from portal.profile.layout import profile_for
from workspaces.access import partner_view
from workspaces.properties import PropertyErrors

log = logging.getLogger(__name__)
PROPERTY_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
OF_THE_FORM = {"csrfmiddlewaretoken", "confirmed", "next"}


@require_http_methods(["GET", "HEAD", "POST"])
@partner_view
def profile(request):
    if request.method == "POST":
        return _save(request)
    return render(request, "portal/profile/partner/profile.html", page.context(request))


@require_GET
@partner_view
def profile_states(request):
    """Where the edited values are, for a page that waits for it."""
    found = profile_for(request.viewer)
    if not found.editable:
        raise Http404
    states = delivery.states_of(request.contact.partner, found.editable_properties)
    moving = any(state.moving for state in states.values())
    context = {"states": states.values(), "moving": moving}
    return render(request, "portal/profile/partner/_states.html", context)


@require_POST
@partner_view
def profile_logo(request):
    found = profile_for(request.viewer)
    if not found.logo_editable:
        raise Http404
    if "remove" in request.POST:
        logos.remove_logo(request.contact.partner)
        messages.success(request, "The logo is removed.")
        return redirect(_way_back(request))
    try:
        if "logo" not in request.FILES:
            raise logos.NotALogo("Choose an image first.")
        content = logos.redraw(request.FILES["logo"])
    except logos.NotALogo as fault:
        context = {**page.context(request, profile=found), "logo_fault": str(fault)}
        return render(request, "portal/profile/partner/profile.html", context, status=422)
    logos.set_logo(request.contact.partner, content)
    messages.success(request, "The logo is saved.")
    return redirect(_way_back(request))


@require_GET
@partner_view
def profile_logo_file(request, version):
    return logo_response(request.contact.partner, version)


def logo_response(partner, version):
    if (
        not partner.logo
        or version != logos.version_of(partner)
        or not default_storage.exists(partner.logo.name)
    ):
        raise Http404
    return FileResponse(default_storage.open(partner.logo.name), content_type=logos.CONTENT_TYPE)


def _save(request):
    found = profile_for(request.viewer)
    if not found.editable:
        raise Http404
    _note_uninvited(request, found)
    form = ProfileForm(found.editable_properties, request.contact.partner, request.POST)
    if not form.is_valid():
        return _again(request, found, form, 422)
    try:
        changed = editing.save(
            form, contact=request.contact, profile=found, confirmed="confirmed" in request.POST
        )
    except PropertyErrors as errors:
        form.add_property_errors(errors)
        return _again(request, found, form, 422)
    except editing.ChangedMeanwhile as race:
        form.show_what_is_saved(request.workspace.zone)
        return _again(request, found, form, 409, raced=race.properties)
    except editing.WouldLoseAccess as loss:
        return _again(request, found, form, 409, lost=loss.labels, last=loss.last)
    messages.success(request, "The profile is saved." if changed else "Nothing was changed.")
    return redirect(_way_back(request))


def _again(request, found, form, status, **more):
    context = {**page.context(request, profile=found, form=form), **more, "status": status}
    return render(request, "portal/profile/partner/profile.html", context, status=status)


def _note_uninvited(request, found):
    """Values for what the page did not offer are never looked at. Somebody made them up, so it is noted."""
    expected = found.editable | {f"{key}_currency" for key in found.editable} | OF_THE_FORM
    uninvited = sorted(key for key in request.POST if PROPERTY_KEY.fullmatch(key) and key not in expected)
    if uninvited:
        log.warning("Contact %s sent values that were not asked for: %s", request.contact.pk, uninvited[:9])


def _way_back(request):
    """To the tab that the form stood on, else to the page itself."""
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith("/")
    return asked if safe else "partner:profile"
