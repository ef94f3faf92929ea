from django.contrib import messages
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from segments.checks import ChecksFail
from segments.engine import publishing
from segments.models import MemberFile, Segment
from segments.static_lists import importing, kinds, reading
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.exports import csv_response
from workspaces.guard import guarded, is_confirmed

SHOWN = 200  # lines that the page explains; the file has them all
FILES = 20


@settings_view("segments.manage")
@require_http_methods(["GET", "POST"])
def segment_member_files(request, pk):
    """Adds many at once: a file, or pasted lines."""
    segment = get_object_or_404(Segment, pk=pk)
    if segment.kind != Segment.Kind.STATIC or segment.built_in or segment.archived_at is not None:
        return redirect("settings:segment-members", segment.pk)
    fault = ""
    if request.method == "POST":
        try:
            name, entries = _sent(request, segment.level)
            if not entries:
                raise reading.Unreadable("Choose a file, or paste some lines.")
            made = importing.add(segment, entries, by=Actor.of_member(request.member), name=name)
        except reading.Unreadable as error:
            fault = str(error)
        except ChecksFail as error:
            fault = f"Nobody was added. {error}"
        else:
            return redirect("settings:segment-member-file", segment.pk, made.pk)
    files = segment.member_files.order_by("-made_at")[:FILES]
    content = {"segment": segment, "fault": fault, "files": files, "pasted": request.POST.get("lines", "")}
    page = "segments/settings/member_files.html"
    return render(request, page, content, status=422 if fault else 200)


def _sent(request, level):
    file = request.FILES.get("file")
    if file is None:
        return "", reading.pasted(request.POST.get("lines", ""))
    if file.size > reading.MOST_BYTES:
        raise reading.Unreadable("The file is larger than 5 MB.")
    return file.name, reading.entries(file.read(), level)


@settings_view("segments.view")
@require_safe
def segment_member_file(request, pk, file_pk):
    file = _file(pk, file_pk)
    lines = list(importing.explained(file))
    content = {"segment": file.segment, "file": file, "lines": lines[:SHOWN], "more": len(lines) - SHOWN}
    return render(request, "segments/settings/member_file.html", content)


@settings_view("segments.view")
@require_safe
def segment_member_file_rest(request, pk, file_pk):
    """What fits nobody, as a file to be put right."""
    file = _file(pk, file_pk)
    return csv_response("unmatched.csv", ["Line", "Text", "Why"], importing.explained(file))


def _file(pk, file_pk):
    return get_object_or_404(MemberFile.objects.select_related("segment"), pk=file_pk, segment=pk)


@settings_view("segments.manage")
@require_POST
def segment_freezing(request, pk):
    return _change_kind(request, pk, kinds.freeze, "“{}” is a static list of its members of now.")


@settings_view("segments.manage")
@require_POST
def segment_snapshot(request, pk):
    return _change_kind(request, pk, kinds.refresh_snapshot, "The snapshot of “{}” is taken again.")


def _change_kind(request, pk, change, words):
    segment = get_object_or_404(Segment, pk=pk, built_in_key=None)
    try:
        with transaction.atomic(), guarded(segment=segment, confirmed=is_confirmed(request)):
            change(segment, by=Actor.of_member(request.member))
    except (kinds.NotNow, ChecksFail) as error:
        messages.error(request, f"Nothing was changed. {error}")
    else:
        waits = publishing.building(segment) is not None
        rest = " It takes effect when everybody is counted." if waits else ""
        messages.success(request, words.format(segment.name) + rest)
    return redirect("settings:segment-members", segment.pk)
