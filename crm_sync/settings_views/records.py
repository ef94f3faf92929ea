"""Which record of ours is which record of the CRM."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm_sync.health import timeline
from crm_sync.inbound import linking
from crm_sync.models import Connection, ExternalRecord, OutboxRecord
from crm_sync.models.records import LINKS
from crm_sync.outbound import making
from crm_sync.settings_views.forms import LinkForm
from workspaces.access import settings_view

A_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage")
def records(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    form = LinkForm(request.POST or None, connection=connection)
    if request.method == "POST" and form.is_valid():
        try:
            made = linking.link(connection, form.chosen(), form.cleaned_data["external_id"])
        except ValueError as error:
            form.add_error("external_id", str(error))
        else:
            messages.success(request, f"{made.record} is linked and being read.")
            return redirect("settings:crm_records", pk)
    links = ExternalRecord.objects.filter(connection=connection).exclude(state=ExternalRecord.State.NEW)
    links = links.select_related("partner", "contact__partner", "attributed__partner")
    page = Paginator(links.order_by("object_type", "-pk"), A_PAGE).get_page(request.GET.get("page"))
    made_here = OutboxRecord.objects.filter(connection=connection).exclude(state__in=["done", "discarded"])
    context = {"connection": connection, "form": form, "page": page, "made_here": made_here[:A_PAGE]}
    return render(request, "crm_sync/settings/records.html", context, status=422 if form.is_bound else 200)


@require_safe
@settings_view("crm.view")
def record(request, pk, link_pk):
    """Everything that happened to one record, both ways."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    links = connection.records.exclude(state=ExternalRecord.State.NEW).select_related(*LINKS)
    found = get_object_or_404(links, pk=link_pk)
    context = {"connection": connection, "link": found, "entries": timeline.of(found)}
    context["may_manage"] = request.member.may("crm.manage")
    return render(request, "crm_sync/settings/record.html", context)


@require_POST
@settings_view("crm.manage")
def making_act(request, pk, row_pk, act):
    """A record that was made here and could not be made there: once more, or not at all."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    rows = OutboxRecord.objects.filter(connection=connection, pk=row_pk)
    row = get_object_or_404(rows)
    row.connection = connection
    if act == "again":
        making.again(rows, by=request.member)
        messages.success(request, f"Making {row.name} in {connection} once more.")
    elif act == "discard":
        making.discard(row, by=request.member)
        messages.success(request, f"{row.name} stays in the portal alone.")
    else:
        raise Http404
    return redirect("settings:crm_records", pk)


@require_POST
@settings_view("crm.manage")
def unlinking(request, pk, link_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = get_object_or_404(connection.records.all(), pk=link_pk)
    name = str(found.record)
    found.delete()
    messages.success(request, f"{name} is no longer linked. Its values stay.")
    return redirect("settings:crm_records", pk)
