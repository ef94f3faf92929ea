from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render

from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.guard import guarded, is_confirmed
from workspaces.models import Property
from workspaces.option_rows import OptionRows
from workspaces.options import OptionErrors, OptionsHeld, save_options
from workspaces.property_usage import uses


@settings_view("properties.view")
def roles(request):
    """Partner roles are the options of the built-in contact property; one is every new contact's."""
    prop = get_object_or_404(Property, level="contact", key="role", built_in=True)
    may_change = request.member.may("properties.manage")
    if request.method != "POST":
        return _show(request, prop, OptionRows.of(prop))
    if not may_change:
        raise PermissionDenied
    rows = OptionRows.of_post(prop, request.POST)
    if "do" in request.POST:
        rows.do(request.POST["do"])
        return _show(request, prop, rows, fragment="options")
    try:
        with guarded(confirmed=is_confirmed(request)):
            by = Actor.of_member(request.member)
            save_options(prop, rows.rows, by=by, seen=rows.seen, moves=rows.moves)
    except OptionErrors as error:
        rows.explain(error)
        return _show(request, prop, rows, status=422)
    except OptionsHeld as question:
        rows.ask(question)
        return _show(request, prop, rows, status=422)
    messages.success(request, "Saved.")
    return redirect("settings:roles")


def _show(request, prop, rows, *, status=200, fragment=None):
    rows.links = {value: use.url for use in uses(prop) or () for value in use.options}
    content = {"prop": prop, "rows": rows, "may_change": request.member.may("properties.manage")}
    page = "workspaces/settings/roles.html"
    return render(
        request, f"{page}#{fragment}" if fragment and request.htmx else page, content, status=status
    )
