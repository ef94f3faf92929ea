"""A value that the CRM refused, corrected in place: checked here and against the CRM's own field, then sent again."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from crm_sync.health import dead_letters
from crm_sync.kinds import KINDS
from crm_sync.models import Connection, OutboxChange
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.properties import PropertyErrors
from workspaces.record_forms import PropertyForm, typed


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("crm.manage")
def correction(request, pk, change_pk):
    connection = get_object_or_404(Connection.objects, pk=pk)
    change = _change(connection, change_pk)
    form = CorrectionForm(change, request.POST or None)
    if request.method == "POST" and form.is_valid():
        by = Actor.of_member(request.member)
        try:
            sent = dead_letters.correct(change, form.value(), connection, by=by)
        except PropertyErrors as error:
            form.add_property_errors(error)
        except dead_letters.CannotCorrect as error:
            form.add_error(change.mapping.prop.key, str(error))
        else:
            text = (
                f"{change.mapping.prop} is on its way." if sent else "This was sent, or discarded, meanwhile."
            )
            messages.success(request, text)
            return redirect("settings:crm_out", pk)
    context = {"connection": connection, "change": change, "form": form}
    context["field"] = form[change.mapping.prop.key]
    return render(request, "crm_sync/settings/correction.html", context, status=422 if form.errors else 200)


class CorrectionForm(PropertyForm):
    """The one property, as it was sent and refused; a new value is wanted, or the same again."""

    def __init__(self, change: OutboxChange, data=None):
        prop = change.mapping.prop
        super().__init__([prop], change.link.record, data)
        self.key = prop.key
        self.initial[prop.key] = typed(prop, change.value)

    def value(self):
        return self.cleaned_data[self.key]


def _change(connection: Connection, change_pk) -> OutboxChange:
    """One that failed; what was sent or discarded is no longer to be corrected."""
    refused = OutboxChange.objects.filter(
        link__connection=connection, state__in=dead_letters.FAILED_CHANGES
    ).select_related("mapping__prop", "link")
    change = get_object_or_404(refused, pk=change_pk)
    change.link = connection.records.select_related(KINDS[change.link.object_type].link).get(
        pk=change.link_id
    )
    change.mapping.connection = connection
    return change
