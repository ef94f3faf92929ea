"""My team: a contact's colleagues. Asking new ones in needs the permission (segments/permissions.py)."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.access import team
from portal.access.forms import InviteForm
from segments.permissions import may_invite
from workspaces.access import partner_view
from workspaces.properties import PropertyErrors


@require_safe
@partner_view
def my_team(request):
    return _page(request)


@require_POST
@partner_view
def invitations(request):
    _must_be_allowed(request)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        made = team.invite(by=request.contact, workspace=request.workspace, **form.cleaned_data)
    except team.Refused as refusal:
        form.add_error("email", str(refusal))
        return _page(request, form)
    except PropertyErrors as faults:
        for key, fault in faults.errors.items():
            form.add_error(key if key in form.fields else None, fault)
        return _page(request, form)
    messages.success(request, f"An invitation is on its way to {made.email}.")
    return redirect("partner:team")


@require_POST
@partner_view
def invitation_again(request, pk):
    _must_be_allowed(request)
    colleague = get_object_or_404(team.waiting(request.contact), pk=pk)
    try:
        team.invite_again(colleague, by=request.contact)
    except team.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"The invitation to {colleague.email} is on its way again.")
    return redirect("partner:team")


def _must_be_allowed(request):
    """Asked with every request: who may not invite finds nothing here."""
    if not may_invite(request.viewer, request.workspace):
        raise Http404


def _page(request, form=None):
    allowed = may_invite(request.viewer, request.workspace)
    context = {
        "colleagues": team.colleagues(request.contact),
        "may_invite": allowed,
        "form": (form or InviteForm()) if allowed else None,
    }
    return render(request, "portal/access/partner/team.html", context, status=422 if form else 200)
