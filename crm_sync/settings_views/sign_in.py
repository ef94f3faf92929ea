"""Signing in on the CRM's own page, and coming back.

What was typed waits in the person's session, sealed; the state in the address names it and nothing else. Only the
same session, in the same workspace, within a quarter of an hour, can finish it, and once.
"""

import json
import secrets
import time
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from crm_sync import vault
from crm_sync.connecting import accounts, trying, ways
from crm_sync.connectors.hubspot import oauth as hubspot
from crm_sync.connectors.salesforce import oauth as salesforce
from crm_sync.models import Connection
from workspaces.access import person_view, settings_view
from workspaces.actors import Actor
from workspaces.models import Workspace
from workspaces.tenancy import workspace_transaction

KEPT = "crm_sign_in"
ANSWER_PATH = "/accounts/crm/answer/"  # not by reverse(), which puts the workspace in front
LIFETIME = 15 * 60.0
STALE = "This sign-in was begun elsewhere or too long ago. Begin it again."


def answer_address():
    """Where CRMs send the browser back to: one address for all workspaces, since apps know it by heart."""
    return settings.PUBLIC_URL + ANSWER_PATH


def pages(way):
    """Whose sign-in page the form may end on."""
    if way.provider == Connection.Provider.HUBSPOT:
        return [settings.HUBSPOT_APP_URL]
    return ["https://*.salesforce.com", *filter(None, [settings.SALESFORCE_STANDIN_URL])]


def scopes(way):
    return hubspot.SCOPES if way.provider == Connection.Provider.HUBSPOT else salesforce.SCOPES


def begin(request, way, values, connection=None):
    """Off to the CRM's own page."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    typed = json.dumps(dict(values) | {"verifier": verifier})
    request.session[KEPT] = {
        "state": state,
        "workspace": str(request.workspace.pk),
        "way": way.slug,
        "connection": str(connection.pk) if connection else "",
        "at": time.time(),
        "sealed": vault.sealed(typed),
    }
    asked = {"client_id": values["client_id"], "redirect_uri": answer_address(), "state": state}
    if way.provider == Connection.Provider.HUBSPOT:
        return HttpResponseRedirect(hubspot.authorize_url(**asked, host=settings.HUBSPOT_APP_URL))
    return HttpResponseRedirect(salesforce.authorize_url(**asked, verifier=verifier, host=values["address"]))


@require_safe
@person_view
def callback(request):
    """To the workspace where it was begun; whether that may be is asked there."""
    kept = request.session.get(KEPT) or {}
    workspace = Workspace.objects.filter(pk=kept["workspace"]).first() if kept else None
    if workspace is None or not _matches(kept, request.GET.get("state", "")):
        messages.error(request, STALE)
        return redirect("workspaces")
    names = ("code", "state", "error", "error_description")
    told = {name: request.GET[name] for name in names if name in request.GET}
    return HttpResponseRedirect(f"/{workspace.slug}{reverse('settings:crm_answer')}?{urlencode(told)}")


@require_safe
@settings_view("crm.manage", calls_out=True)
def answer(request):
    """The code becomes tokens, and the tokens a connection."""
    kept = request.session.get(KEPT) or {}
    begun_here = kept.get("workspace") == str(request.workspace.pk)
    # A preview of the address (HEAD) must not use the code up.
    if request.method == "HEAD" or not begun_here or not _matches(kept, request.GET.get("state", "")):
        messages.error(request, STALE)
        return redirect("settings:crm")
    del request.session[KEPT]
    way = ways.BY_SLUG[kept["way"]]
    try:
        made = _finished(request, way, kept)
    except accounts.ConnectError as error:
        messages.error(request, str(error))
        if kept["connection"]:
            return redirect("settings:crm_keys", kept["connection"])
        return redirect(f"settings:{way.route}")
    if kept["connection"]:
        messages.success(request, f"Signed in to {made} again. What waited goes on now.")
        return redirect("settings:crm_connection", made.pk)
    messages.success(request, f"{made} is connected. Map the properties that both sides share.")
    return redirect("settings:crm_mapping", made.pk)


def _finished(request, way, kept):
    if refusal := request.GET.get("error"):
        words = (
            "The sign-in was cancelled."
            if refusal == "access_denied"
            else f"{way.crm} said: {refusal[:100]}."
        )
        raise accounts.ConnectError("", words)
    found = _exchanged(way, json.loads(vault.opened(kept["sealed"])), request.GET.get("code", ""))
    with workspace_transaction(request.workspace):
        if not kept["connection"]:
            return accounts.connect(found, by=Actor.of_member(request.member))
        connection = Connection.objects.filter(pk=kept["connection"]).first()
        if connection is None:
            raise accounts.ConnectError("", "This connection was removed meanwhile.")
        accounts.renew(connection, found)
        return connection


def _exchanged(way, typed, code):
    app = {"client_id": typed["client_id"], "client_secret": typed["client_secret"]}
    asked = {"code": code, "redirect_uri": answer_address()}
    if way.provider == Connection.Provider.HUBSPOT:
        return trying.hubspot_code(**asked, app=typed["app"], **app)
    return trying.salesforce_code(**asked, address=typed["address"], verifier=typed["verifier"], **app)


def _matches(kept, state):
    fresh = time.time() - kept.get("at", 0.0) < LIFETIME
    return fresh and bool(state) and constant_time_compare(kept["state"], state)
