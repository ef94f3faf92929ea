from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render

from workspaces import invitations
from workspaces.access import settings_view
from workspaces.forms import PortalForm
from workspaces.models import Workspace


@settings_view("workspace.view")
def portal(request):
    may_change = request.member.may("workspace.manage")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    # Its own copy: what is typed must not colour the page before it is saved.
    workspace = Workspace.objects.get(pk=request.workspace.pk)
    form = PortalForm(request.POST or None, instance=workspace)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("settings:portal")
    if not may_change:
        for field in form.fields.values():
            field.disabled = True
    content = {
        "form": form,
        "may_change": may_change,
        "address": invitations.portal_address(request.workspace),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workspaces/settings/portal.html", content, status=status)
