"""Deals and leads as the team changes them, where no CRM does."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from portal.deals import attributed, collaborators
from portal.deals.forms import ContactForm
from portal.deals.settings_views.frame import frame, record_or_404
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.models import Contact
from workspaces.properties import PropertyErrors, properties_of, set_properties
from workspaces.record_forms import PropertyForm


class Meanwhile(Exception):
    """Somebody else saved the record after this person opened it."""


@settings_view("deals.manage")
def values(request, level, pk):
    record = record_or_404(request, level, pk)
    props = list(properties_of(level).values())
    if request.method != "POST":
        return _values(request, record, PropertyForm(props, record, prefix="p"))
    form = PropertyForm(props, record, request.POST, prefix="p")
    if not form.is_valid():
        return _values(request, record, form, status=422)
    try:
        with transaction.atomic():
            changed = set_properties(record, form.values(), by=Actor.of_member(request.member))
            # Asked under the locks. The version counts our own change.
            if request.POST.get("version") != str(record.version - bool(changed)):
                raise Meanwhile
    except Meanwhile:
        record.refresh_from_db()
        form.show_what_is_saved(request.workspace.zone)
        return _values(request, record, form, status=409)
    except PropertyErrors as error:
        form.add_property_errors(error)
        return _values(request, record, form, status=422)
    messages.success(request, "Saved.")
    return redirect(f"settings:{level}", record.pk)


@settings_view("deals.manage")
@require_POST
def archiving(request, level, pk):
    record = record_or_404(request, level, pk)
    by = Actor.of_member(request.member)
    if request.POST.get("undo"):
        attributed.restore(record, by=by)
        messages.success(request, f"{record} is back.")
    else:
        attributed.archive(record, by=by)
        messages.success(request, f"{record} is archived. Its values are kept, and it can come back.")
    return redirect(f"settings:{level}", record.pk)


@settings_view("deals.manage")
@require_POST
def collaborators_of(request, level, pk):
    record = record_or_404(request, level, pk)
    form = ContactForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose somebody first.")
        return redirect(f"settings:{level}", record.pk)
    added = get_object_or_404(collaborators.candidates(record), pk=form.cleaned_data["contact"])
    collaborators.add(record, added, by=Actor.of_member(request.member))
    messages.success(request, f"{added} collaborates on {record} now.")
    return redirect(f"settings:{level}", record.pk)


@settings_view("deals.manage")
@require_POST
def removal(request, level, pk, contact):
    record = record_or_404(request, level, pk)
    removed = get_object_or_404(Contact.objects, pk=contact, partner__in=record.partner_ids)
    if not collaborators.remove(record, removed):
        raise Http404
    messages.success(request, f"{removed} does not collaborate on {record} any more.")
    return redirect(f"settings:{level}", record.pk)


def _values(request, record, form, *, status=200):
    content = {**frame(request, record, "overview"), "form": form, "conflict": status == 409}
    return render(request, "portal/deals/settings/values.html", content, status=status)
