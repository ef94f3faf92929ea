"""Which property is which field of the CRM, and in which direction values go."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from crm_sync.connecting import providers, trying
from crm_sync.connectors.failures import CrmError
from crm_sync.connectors.throttling import Priority
from crm_sync.inbound.receiving import HUBSPOT_PATH
from crm_sync.mapping import schema
from crm_sync.mapping.fields import map_field, unmap
from crm_sync.models import Connection, FieldMapping
from crm_sync.settings_views.forms import DirectionForm, MappingForm
from workspaces.access import settings_view
from workspaces.tenancy import workspace_transaction

PAGE = "crm_sync/settings/mapping.html"


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage")
def mapping(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    form = MappingForm(request.POST or None, connection=connection)
    if request.method == "POST" and form.is_valid():
        try:
            made = map_field(connection, **form.mapped())
        except ValueError as error:
            form.add_error("field", str(error))
        else:
            messages.success(request, f"{made.prop} is mapped. Linked records are being read.")
            return redirect("settings:crm_mapping", pk)
    return _shown(request, connection, form)


def _shown(request, connection, form):
    context = {
        "connection": connection,
        "form": form,
        "mappings": connection.mappings.select_related("prop"),
        "directions": FieldMapping.Direction.choices,
        "policies": FieldMapping.Policy.choices,
        "hook_address": settings.PUBLIC_URL + HUBSPOT_PATH,
    }
    return render(request, PAGE, context, status=422 if form.is_bound else 200)


@require_POST
@settings_view("crm.manage")
def direction(request, pk, mapping_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = get_object_or_404(connection.mappings.select_related("prop"), pk=mapping_pk)
    form = DirectionForm(request.POST)
    field = schema.known_field(connection, found.object_type, found.field)
    if not form.is_valid() or field is None:
        messages.error(request, f"{connection} does not list this field any more. Read its fields again.")
        return redirect("settings:crm_mapping", pk)
    try:
        map_field(
            connection, object_type=found.object_type, field=field, prop=found.prop, **form.cleaned_data
        )
    except ValueError as error:
        messages.error(request, str(error))
    return redirect("settings:crm_mapping", pk)


@require_POST
@settings_view("crm.manage")
def removal(request, pk, mapping_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = get_object_or_404(connection.mappings.select_related("prop"), pk=mapping_pk)
    unmap(found)
    messages.success(request, f"{found.prop} is no longer kept in step with {connection}. Its values stay.")
    return redirect("settings:crm_mapping", pk)


@require_POST
@settings_view("crm.manage", calls_out=True)
def fields(request, pk):
    """Reads the CRM's fields again: some may be new, renamed or gone."""
    with workspace_transaction(request.workspace):
        connection = get_object_or_404(Connection.objects, pk=pk)
    try:
        known = trying.fields_of(providers.connector_for(connection, Priority.PERSON))
    except CrmError as error:
        messages.error(request, str(error))
        return redirect("settings:crm_mapping", pk)
    with workspace_transaction(request.workspace):
        schema.learn_fields(connection, known)
    messages.success(request, f"{connection}’s fields are read.")
    return redirect("settings:crm_mapping", pk)
