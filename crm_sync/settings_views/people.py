"""Who of the team is whom in the CRM: found by e-mail address, or chosen here."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from crm_sync.mapping import people as matching
from crm_sync.mapping.fields import meet_again
from crm_sync.models import Connection, CrmUser
from crm_sync.settings_views.forms import PersonForm
from workspaces.access import settings_view
from workspaces.models import TeamMember

A_PAGE = 50


@require_safe
@settings_view("crm.manage")
def people(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    rows = CrmUser.objects.filter(connection=connection).select_related("member__user")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "connection": connection,
        "page": page,
        "team": list(TeamMember.objects.by_name()),
        "mapped": matching.are_mapped(connection),
    }
    return render(request, "crm_sync/settings/people.html", context)


@require_POST
@settings_view("crm.manage")
def choice(request, pk, user_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    user = get_object_or_404(connection.people.all(), pk=user_pk)
    user.connection = connection
    form = PersonForm(request.POST)
    if form.is_valid():
        matching.choose(user, form.cleaned_data["member"], by=request.member)
        for mapping in matching.mappings_of_people(connection):
            mapping.connection = connection
            meet_again(mapping)
        messages.success(request, f"Saved. Records of {user} are being read.")
    else:
        messages.error(request, "Choose a member of the team.")
    return redirect("settings:crm_people", pk)
