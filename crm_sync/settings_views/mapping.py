"""Which property is which field of the CRM, and in which direction values go."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from crm_sync.connecting import providers, trying
from crm_sync.connectors.failures import CrmError
from crm_sync.connectors.throttling import Priority
from crm_sync.inbound.receiving import HUBSPOT_PATH
from crm_sync.kinds import KINDS
from crm_sync.mapping import people, sampling, schema
from crm_sync.mapping.fields import map_field, set_options, unmap
from crm_sync.models import Connection, FieldMapping
from crm_sync.settings_views import mapping_rows
from crm_sync.settings_views.forms import DirectionForm, MappingForm, OptionsForm
from crm_sync.sweeps.fields import learn_people
from workspaces.access import settings_view
from workspaces.tenancy import workspace_transaction

PAGE = "crm_sync/settings/mapping.html"
EMPTY = {
    "company": "Begin with the tier or the phase: segments can use them as soon as they come in.",
    "contact": "Begin with the e-mail address: people are found by it, and come in with it.",
    "deal": "Begin with the name and the stage: what a stage means comes from the CRM.",
    "lead": "Begin with the name and the status.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage")
def mapping(request, pk):
    connection = get_object_or_404(Connection.objects.select_related("workspace"), pk=pk)
    object_type = _object_type(request)
    form = MappingForm(request.POST or None, connection=connection, object_type=object_type)
    if request.method == "POST" and form.is_valid() and "try" not in request.POST:
        try:
            made = map_field(connection, **form.mapped())
        except ValueError as error:
            form.add_error("field", str(error))
        else:
            messages.success(request, f"{made.prop} is mapped. Linked records are being read.")
            return _back(connection, object_type)
    return _shown(request, connection, object_type, form)


def _object_type(request):
    wanted = request.POST.get("object") or request.GET.get("object") or "company"
    if wanted not in KINDS:
        raise Http404
    return wanted


def _back(connection, object_type):
    return redirect(f"{reverse('settings:crm_mapping', args=[connection.pk])}?object={object_type}")


def _shown(request, connection, object_type, form):
    looked = sampling.stored(connection, object_type)
    tried = form.tried(looked) if "try" in request.POST and form.is_bound and form.is_valid() else None
    context = {
        "connection": connection,
        "form": form,
        "kind": KINDS[object_type],
        "kinds": KINDS.values(),
        "looked": looked,
        "rows": mapping_rows.rows_of(connection, object_type, looked),
        "readable": bool(connection.fields_known.get(object_type)),
        "tried": tried,
        "empty_text": EMPTY[object_type],
        "with_people": people.are_mapped(connection),
        "all_mappings": connection.mappings.inward(),
        "directions": FieldMapping.Direction.choices,
        "policies": FieldMapping.Policy.choices,
        "hook_address": settings.PUBLIC_URL + HUBSPOT_PATH,
    }
    return render(request, PAGE, context, status=422 if form.is_bound and not tried else 200)


@require_POST
@settings_view("crm.manage", calls_out=True)
def samples(request, pk, object_type):
    """Looks at some real records; the page shows them beside each row, and asks for nothing while they are fresh."""
    if object_type not in KINDS:
        raise Http404
    with workspace_transaction(request.workspace):
        connection = get_object_or_404(Connection.objects, pk=pk)
        fields = sampling.asked_fields(connection, object_type)
        ids = sampling.linked_ids(connection, object_type)
    records, message = [], ""
    try:
        connector = providers.connector_for(connection, Priority.PERSON)
        records = sampling.look(connector, object_type, fields, ids)
    except CrmError as error:
        message = str(error)
    with workspace_transaction(request.workspace):
        sampling.keep(connection, object_type, records, message=message)
    return _back(connection, object_type)


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage")
def options(request, pk, mapping_pk):
    """Which of the CRM's options is which of ours."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = get_object_or_404(connection.mappings.select_related("prop"), pk=mapping_pk)
    found.connection = connection
    known = schema.known_field(connection, found.object_type, found.field)
    if known is None or not (found.prop.has_options and known.options):
        raise Http404
    form = OptionsForm(request.POST or None, mapping=found, field=known)
    if request.method == "POST" and form.is_valid():
        set_options(found, form.matched(), by=request.member)
        messages.success(request, f"The options of {found.prop} are matched. Linked records are being read.")
        return _back(connection, found.object_type)
    context = {"connection": connection, "mapping": found, "form": form, "rows": form.rows()}
    status = 422 if form.is_bound else 200
    return render(request, "crm_sync/settings/options.html", context, status=status)


@require_POST
@settings_view("crm.manage")
def direction(request, pk, mapping_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = get_object_or_404(connection.mappings.select_related("prop"), pk=mapping_pk)
    form = DirectionForm(request.POST)
    field = schema.known_field(connection, found.object_type, found.field)
    if not form.is_valid() or field is None:
        messages.error(request, f"{connection} does not list this field any more. Read its fields again.")
        return _back(connection, found.object_type)
    try:
        map_field(
            connection, object_type=found.object_type, field=field, prop=found.prop, **form.cleaned_data
        )
    except ValueError as error:
        messages.error(request, str(error))
    return _back(connection, found.object_type)


@require_POST
@settings_view("crm.manage")
def removal(request, pk, mapping_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    found = get_object_or_404(connection.mappings.select_related("prop"), pk=mapping_pk)
    unmap(found)
    messages.success(request, f"{found.prop} is no longer kept in step with {connection}. Its values stay.")
    return _back(connection, found.object_type)


@require_POST
@settings_view("crm.manage", calls_out=True)
def fields(request, pk):
    """Reads the CRM's fields again: some may be new, renamed or gone."""
    with workspace_transaction(request.workspace):
        connection = get_object_or_404(Connection.objects, pk=pk)
        with_people = people.are_mapped(connection)
    try:
        connector = providers.connector_for(connection, Priority.PERSON)
        known, owners = trying.fields_of(connector), connector.owners() if with_people else []
    except CrmError as error:
        messages.error(request, str(error))
        return redirect("settings:crm_mapping", pk)
    with workspace_transaction(request.workspace):
        schema.learn_fields(connection, known)
        if with_people:
            learn_people(connection, owners)
    messages.success(request, f"{connection}’s fields are read.")
    return _back(connection, _object_type(request))
