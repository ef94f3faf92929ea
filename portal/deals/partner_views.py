"""A partner's deals and leads, as far as the viewer may see them."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.deals import collaborators, pipeline
from portal.deals.forms import ContactForm, RecordFilters
from portal.deals.models import AttributedRecord
from portal.deals.sharing import Shared
from workspaces.access import partner_view
from workspaces.actors import Actor
from workspaces.display import Display
from workspaces.models import Contact

PAGE = 30
OFFERED = 500


@partner_view
@require_safe
def listing(request, level):
    shared = Shared(level)
    own = AttributedRecord.objects.filter(level=level).visible_to(request.viewer)
    filters = RecordFilters(request.GET, shared=shared)
    page = Paginator(filters.narrow(own, contact=request.contact), PAGE).get_page(request.GET.get("page"))
    content = {
        **names(level),
        "page": page,
        "filters": filters,
        "none_at_all": not page.paginator.count and not filters.narrowed,
        "rows": _rows(page, shared),
        "shared": shared,
    }
    template = "portal/deals/partner/list.html"
    if request.htmx:
        return render(request, f"{template}#rows", content)
    return render(request, template, content | overview(own, shared))


@partner_view
@require_safe
def detail(request, level, pk):
    record = _record(request, level, pk)
    shared, display = Shared(level), Display(request.workspace.zone)
    mine = request.contact.partner_id
    content = {
        **names(level),
        "record": record,
        "shared": shared,
        "values": [
            (prop, display.html(prop, record.value(prop)))
            for prop in shared.properties
            if not (prop.built_in and prop.key == "stage")
        ],
        "stages": path(record, shared),
        "stage": next((o["label"] for o in shared.stages if o["value"] == record.stage), ""),
        "people": collaborators.of(record, partner_id=mine),
        "candidates": collaborators.candidates(record, partner_id=mine)[:OFFERED],
    }
    return render(request, "portal/deals/partner/detail.html", content)


@partner_view
@require_POST
def collaborators_of(request, level, pk):
    """Adds a colleague. Whoever sees a record collaborates on it or is not restricted, so may add to it."""
    record = _record(request, level, pk)
    form = ContactForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a colleague first.")
        return redirect(f"partner:{level}", record.pk)
    colleagues = collaborators.candidates(record, partner_id=request.contact.partner_id)
    added = get_object_or_404(colleagues, pk=form.cleaned_data["contact"])
    collaborators.add(record, added, by=Actor.of_contact(request.contact))
    messages.success(request, f"{added} collaborates on {record} now.")
    return redirect(f"partner:{level}", record.pk)


@partner_view
@require_POST
def removal(request, level, pk, contact):
    record = _record(request, level, pk)
    removed = get_object_or_404(Contact.objects, pk=contact, partner=request.contact.partner_id)
    if not collaborators.remove(record, removed):
        raise Http404
    messages.success(request, f"{removed} does not collaborate on {record} any more.")
    if not _visible(request, level).filter(pk=record.pk).exists():
        return redirect(f"partner:{level}s")  # one's own name, by somebody restricted
    return redirect(f"partner:{level}", record.pk)


def names(level):
    one = f"partner:{level}"
    to = {"one": one, "all": f"{one}s", "people": f"{one}_collaborators"}
    to["removal"] = f"{one}_collaborator_removal"
    return {"level": level, "noun": level, "title": f"{level.capitalize()}s", "to": to}


def overview(own, shared):
    """What all that the viewer may see comes to; nothing of what partners are not shown."""
    if not shared.stages:
        return {"stages": [], "totals": None}
    stages = pipeline.stages(own, shared.all["stage"])
    return {
        "stages": [stage for stage in stages if stage.outcome == AttributedRecord.Outcome.OPEN],
        "totals": pipeline.Totals.of(own),
    }


def path(record, shared):
    """The open stages with what it is in, to be shown as steps; once it is closed, nothing is ahead."""
    options = [option for option in shared.stages if option.get("outcome", "open") == "open"]
    at = next((at for at, option in enumerate(options) if option["value"] == record.stage), None)
    if not record.is_open or at is None:
        return []
    return [
        (option["label"], "done" if n < at else "now" if n == at else "ahead")
        for n, option in enumerate(options)
    ]


def _rows(page, shared):
    """(record, the words of its stage)"""
    labels = {option["value"]: option["label"] for option in shared.stages}
    return [(record, labels.get(record.stage, "")) for record in page]


def _visible(request, level):
    return AttributedRecord.objects.filter(level=level).visible_to(request.viewer)


def _record(request, level, pk):
    found = _visible(request, level).select_related("partner", "distributor", "owner__user")
    return get_object_or_404(found, pk=pk)
