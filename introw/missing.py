"""Pages that are not there, or not for this person: inside the frame of whoever belongs here.

Nothing tells the two apart: the page is the same, word for word and query for query. Strangers get the bare page,
and what a script, a picture or a fragment asked for gets one line.
"""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views import defaults

from segments.viewer import viewer_of
from workspaces.access import partner_view, settings_view

NOT_FOUND, REFUSED = 404, 403
SAID = {NOT_FOUND: "This is no longer there.", REFUSED: "You may not do this."}
EVERYBODY_MAY = "partners.view"  # whatever their access: the frame is for the whole team


def not_found(request, exception):
    return _answer(request, NOT_FOUND) or defaults.page_not_found(request, exception)


def refused(request, exception):
    return _answer(request, REFUSED) or defaults.permission_denied(request, exception)


def _answer(request, status):
    """None where the bare page is all there is to show."""
    if not _is_page(request):
        return HttpResponse(SAID[status], status=status, content_type="text/plain; charset=utf-8")
    if request.workspace is None or not request.user.is_authenticated:
        return None
    _forget_the_view(request)
    faces = [_in_settings, _in_portal]
    for face in faces if request.path_info.startswith("/settings/") else reversed(faces):
        try:
            return face(request, status)
        except (Http404, PermissionDenied):
            continue  # not of the team, or no contact
    return None


def _is_page(request):
    """Whether a person will read the answer. Browsers say what they ask for; who says nothing is given the page."""
    by_hand = request.method in {"GET", "POST"} and not request.htmx
    return by_hand and request.headers.get("Sec-Fetch-Dest", "document") == "document"


def _forget_the_view(request):
    """Its moment is over: who looks is found again, in the frame's own."""
    request.viewer = SimpleLazyObject(lambda: viewer_of(request.contact))
    request.__dict__.pop("portal_bar", None)


@settings_view(EVERYBODY_MAY)
def _in_settings(request, status):
    return render(request, "missing/settings.html", {"refused": status == REFUSED}, status=status)


@partner_view
def _in_portal(request, status):
    return render(request, "missing/partner.html", {"refused": status == REFUSED}, status=status)
