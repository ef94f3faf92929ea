from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from segments.engine import exceptions, lists
from segments.history import chart
from segments.history.activity import Activity
from segments.history.build_names import BuildNames
from segments.history.member_list import HOW, JOINED, MemberList
from segments.history.of_record import SegmentsOf
from segments.history.trend import trends
from segments.models import Build, Segment
from segments.why import Why
from workspaces.access import settings_view
from workspaces.exports import csv_response
from workspaces.settings_views import contacts, partners, records

SPANS = {"30": 30, "90": 90, "365": 365}
USUAL = "90"


@settings_view("segments.view")
@require_safe
def segment_members(request, pk):
    segment = get_object_or_404(Segment, pk=pk)
    shown = MemberList(segment, request.GET, zone=request.workspace.zone, member=request.member)
    may_manage = request.member.may("segments.manage")
    content = {"segment": segment, "list": shown, "may_manage": may_manage, "spans": JOINED, "marks": HOW}
    content["may_except"] = may_manage and shown.as_of is None and segment.by_rule and not segment.built_in
    return render(request, "segments/settings/members.html", content)


@settings_view("segments.view")
@require_safe
def segment_member(request, pk, record_pk):
    """Why one partner or contact is in, or not: a page of its own, and in place where somebody opens it in the list."""
    segment = get_object_or_404(Segment, pk=pk)
    record = get_object_or_404(lists.MODELS[segment.level], pk=record_pk)
    content = {"segment": segment, "record": record, "why": Why(segment, record, member=request.member)}
    content["may_manage"] = request.member.may("segments.manage")
    page = "segments/settings/member.html"
    return render(request, f"{page}#why" if request.htmx else page, content)


@settings_view("segments.view")
@require_safe
def segment_members_export(request, pk):
    segment = get_object_or_404(Segment, pk=pk)
    shown = MemberList(segment, request.GET, zone=request.workspace.zone, member=request.member)
    if shown.asked.error:
        return HttpResponse(shown.asked.error, status=422, content_type="text/plain; charset=utf-8")
    moment = f" as of {shown.as_of.astimezone(shown.zone):%Y-%m-%d %H.%M}" if shown.as_of else ""
    return csv_response(f"{segment.name}{moment}.csv", shown.export_header, shown.export())


@settings_view("segments.view")
@require_safe
def segment_activity(request, pk):
    segment = get_object_or_404(Segment, pk=pk)
    span = request.GET.get("days", USUAL)
    span = span if span in SPANS else USUAL
    trend = trends([segment], days=SPANS[span], zone=request.workspace.zone)[segment.pk]
    content = {"segment": segment, "activity": Activity(segment, request.GET), "span": span}
    content |= {"trend": trend, "chart": chart.draw(trend.days), "spans": list(SPANS)}
    return render(request, "segments/settings/activity.html", content)


@settings_view("segments.view")
@require_safe
def segment_build_names(request, pk, build_pk):
    """Everybody whom one build moved, by name."""
    build = get_object_or_404(Build.objects.select_related("segment"), pk=build_pk, segment=pk)
    content = {"segment": build.segment, "build": build, "names": BuildNames(build, request.GET)}
    page = "segments/settings/build_names.html"
    return render(request, f"{page}#names" if request.htmx else page, content)


@settings_view("segments.view")
@require_safe
def contact_segments(request, pk):
    contact = records.contact_or_404(pk)
    content = contacts.frame(request, contact, "segments")
    return render(request, "segments/settings/of_contact.html", content | _segments_of(request, contact))


@settings_view("segments.view")
@require_safe
def partner_segments(request, pk):
    partner = records.partner_or_404(pk)
    content = partners.frame(request, partner, "segments")
    return render(request, "segments/settings/of_partner.html", content | _segments_of(request, partner))


def _segments_of(request, record):
    return {
        "list": SegmentsOf(record, request.GET),
        "exceptions": exceptions.of_subject(record.level, record.pk),
        "may_manage": request.member.may("segments.manage"),
    }
