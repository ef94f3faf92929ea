"""Switching Change Data Capture on and off. How it stands is shown where the app over there is set up."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from crm_sync.models import Connection
from crm_sync.settings_views.forms import StreamForm
from crm_sync.settings_views.wizard import app_page
from crm_sync.streams import switching
from workspaces.access import settings_view


@require_POST
@settings_view("crm.manage")
def stream(request, pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    if request.POST.get("do") == "off":
        switching.switch_off(connection, by=request.member)
        messages.success(request, "Switched off. From now on changes are found by asking.")
        return redirect("settings:crm_app", pk)
    if connection.provider != Connection.Provider.SALESFORCE:
        raise Http404  # it does not stream
    form = StreamForm(request.POST)
    if not form.is_valid():
        return app_page(request, connection, stream_form=form, status=422)
    switching.switch_on(connection, channel=form.cleaned_data["channel"], by=request.member)
    messages.success(request, "Switched on. The line opens within some seconds.")
    return redirect("settings:crm_app", pk)
