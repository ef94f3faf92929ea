"""Connecting a CRM: choose a way, do what it needs over there, give the keys or sign in."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.csp import CSP
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm_sync.connecting import accounts, project, trying, ways
from crm_sync.connecting.stream_state import state_of
from crm_sync.inbound.receiving import HUBSPOT_PATH, salesforce_path
from crm_sync.models import Connection
from crm_sync.settings_views import sign_in
from crm_sync.settings_views.forms import StreamForm
from crm_sync.settings_views.wizard_forms import FORMS
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.tenancy import workspace_transaction

PAGE = "crm_sync/settings/connect.html"
SECRETS = ("token", "secret", "client_secret")


@require_safe
@settings_view("crm.manage")
def choose(request):
    found = {crm: [w for w in ways.WAYS if w.provider == crm] for crm in Connection.Provider.values}
    return render(request, "crm_sync/settings/new.html", {"ways": found})


@sensitive_post_parameters(*SECRETS)
@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage", calls_out=True)
def connect(request, slug):
    way = ways.BY_SLUG[slug]
    form = FORMS[slug](request.POST or None)
    if request.method == "POST" and form.is_valid():
        if way.signs_in:
            return sign_in.begin(request, way, form.cleaned_data)
        try:
            made = _connected(request, way, form.cleaned_data)
        except accounts.ConnectError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            text = f"{made} is connected. Map the properties that both sides share."
            messages.success(request, text)
            return redirect("settings:crm_mapping", made.pk)
    return _page(request, way, form)


@sensitive_post_parameters(*SECRETS)
@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage", calls_out=True)
def keys(request, pk):
    """New keys, or a new sign-in, for an account that is connected already."""
    with workspace_transaction(request.workspace):
        connection = get_object_or_404(Connection.objects, pk=pk)
    way = ways.way_of(connection)
    given = {"app": connection.app, "client_id": connection.client_id, "address": connection.address}
    form = FORMS[way.slug](request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        if way.signs_in:
            return sign_in.begin(request, way, form.cleaned_data, connection)
        try:
            found = _tried(way, form.cleaned_data)
            with workspace_transaction(request.workspace):
                accounts.renew(connection, found)
        except accounts.ConnectError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, "The new keys work. What waited goes on now.")
            return redirect("settings:crm_connection", pk)
    return _page(request, way, form, connection)


@require_POST
@settings_view("crm.manage")
def project_files(request, slug):
    """The app's definition for HubSpot's own tools, before anything is connected."""
    return _download(project.subscriptions(None), signs_in=ways.BY_SLUG[slug].signs_in)


@require_safe
@settings_view("crm.manage")
def app(request, pk):
    """What the app over there has to know, and whether it does."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    return app_page(request, connection, stream_form=StreamForm.of(connection))


def app_page(request, connection, *, stream_form, status=200):
    told = project.subscriptions(connection)
    listed = [(name, name in connection.subscriptions) for name in told]
    context = {
        "connection": connection,
        "way": ways.way_of(connection),
        "told": listed,
        "hook": hook_address(connection),
        "answer": sign_in.answer_address(),
        "new": [name for name, known in listed if not known],
        "stream": state_of(connection),
        "stream_form": stream_form,
    }
    return render(request, "crm_sync/settings/app.html", context, status=status)


@require_POST
@settings_view("crm.manage")
def app_files(request, pk):
    """Downloaded is not uploaded; but what was never downloaded cannot be there."""
    connection = get_object_or_404(Connection.objects, pk=pk)
    way = ways.way_of(connection)
    if not way.project:
        raise Http404
    connection.subscriptions = project.subscriptions(connection)
    connection.save(update_fields=["subscriptions"])
    return _download(connection.subscriptions, signs_in=way.signs_in)


def hook_address(connection):
    """Where the CRM calls; for Salesforce the address itself is the secret."""
    if connection.provider == Connection.Provider.HUBSPOT:
        return settings.PUBLIC_URL + HUBSPOT_PATH
    return settings.PUBLIC_URL + salesforce_path(connection.secret) if connection.secret else ""


def _connected(request, way, values):
    found = _tried(way, values)
    with workspace_transaction(request.workspace):
        return accounts.connect(found, by=Actor.of_member(request.member))


def _tried(way, values):
    if way.slug == "salesforce-secret":
        return trying.salesforce_secret(**values)
    return trying.hubspot_token(account="", **values)


def _page(request, way, form, connection=None):
    context = {
        "form": form,
        "way": way,
        "connection": connection,
        "hook": settings.PUBLIC_URL + HUBSPOT_PATH,
        "answer": sign_in.answer_address(),
        "scopes": sign_in.scopes(way),
    }
    with workspace_transaction(request.workspace):
        response = render(request, PAGE, context, status=422 if form.is_bound else 200)
    if way.signs_in:
        # The form ends on the CRM's own page, and a browser follows it there only with leave.
        leave = settings.SECURE_CSP | {"form-action": [CSP.SELF, *sign_in.pages(way)]}
        setattr(response, "_csp_config", leave)  # noqa: B010  what Django's csp_override sets
    return response


def _download(told, *, signs_in):
    content = project.zipped(
        told=told,
        hook=settings.PUBLIC_URL + HUBSPOT_PATH,
        answer=sign_in.answer_address(),
        signs_in=signs_in,
    )
    disposition = f'attachment; filename="{project.FOLDER}.zip"'
    headers = {"Content-Disposition": disposition}
    return HttpResponse(content, content_type="application/zip", headers=headers)
