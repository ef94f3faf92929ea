from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from segments.engine import exceptions
from segments.exceptions.forms import ForRecord, ForSegment
from segments.models import Segment, SegmentException
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.settings_views import records

OF_SEGMENT = "segments/settings/exceptions.html"
OF_RECORD = "segments/settings/exceptions_of.html"
PAGE = 50


@settings_view("segments.view")
@require_http_methods(["GET", "POST"])
def segment_exceptions(request, pk):
    """The button that finds somebody comes back with all that was typed."""
    segment = get_object_or_404(Segment, pk=pk)
    zone = request.workspace.zone
    if request.method == "GET":
        start = {"subject": request.GET.get("subject", ""), "included": request.GET.get("included", "in")}
        return _of_segment(request, segment, ForSegment(segment=segment, zone=zone, initial=start))
    if not (request.member.may("segments.manage") and _is_open(segment)):
        raise PermissionDenied
    form = ForSegment(request.POST, segment=segment, zone=zone)
    if request.POST.get("do") == "find":
        return _of_segment(request, segment, form.unchecked())
    if not form.is_valid():
        return _of_segment(request, segment, form, status=422)
    made = _make(request, segment, form.cleaned_data["record"], form.cleaned_data)
    messages.success(request, _said(made))
    return redirect("settings:segment-exceptions", segment.pk)


def _of_segment(request, segment, form, *, status=200):
    listed = segment.exceptions.select_related("partner", "contact__partner").order_by("-made_at", "pk")
    included, excluded = exceptions.counts(segment)
    content = {
        "segment": segment,
        "form": form,
        "page": Paginator(listed, PAGE).get_page(request.GET.get("page")),
        "included": included,
        "excluded": excluded,
        "open": _is_open(segment),
        "may_manage": request.member.may("segments.manage"),
    }
    return render(request, OF_SEGMENT, content, status=status)


def _is_open(segment) -> bool:
    return segment.by_rule and not segment.built_in and segment.archived_at is None


@settings_view("segments.manage")
@require_POST
def segment_exception_end(request, pk, exception_pk):
    found = SegmentException.objects.select_related("segment", "partner", "contact")
    one = get_object_or_404(found, pk=exception_pk, segment=pk)
    exceptions.end(one, by=Actor.of_member(request.member))
    messages.success(request, f"The exception for {one.subject} has ended. The rule decides again.")
    if request.POST.get("back") == "record":
        return redirect(f"settings:{one.segment.level}-segments", one.subject.pk)
    return redirect("settings:segment-exceptions", one.segment_id)


@settings_view("segments.manage")
@require_http_methods(["GET", "POST"])
def contact_exceptions(request, pk):
    return _of_record(request, records.contact_or_404(pk))


@settings_view("segments.manage")
@require_http_methods(["GET", "POST"])
def partner_exceptions(request, pk):
    return _of_record(request, records.partner_or_404(pk))


def _of_record(request, record):
    form = ForRecord(request.POST or None, level=record.level, zone=request.workspace.zone)
    if request.method == "POST" and form.is_valid():
        made = _make(request, form.cleaned_data["segment"], record, form.cleaned_data)
        messages.success(request, _said(made))
        return redirect(f"settings:{record.level}-segments", record.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, OF_RECORD, {"record": record, "form": form}, status=status)


def _make(request, segment, record, cleaned):
    return exceptions.set_exception(
        segment,
        record,
        included=cleaned["included"],
        reason=cleaned["reason"],
        until=cleaned["until"],
        by=Actor.of_member(request.member),
    )


def _said(made: SegmentException) -> str:
    return f"{made.subject} is {'always' if made.included else 'never'} in “{made.segment}” from now on."
