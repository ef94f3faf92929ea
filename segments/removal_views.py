"""Segments go: one at a time with another in their place, or several at once."""

from uuid import UUID

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from segments import consequences, editing, permissions, replacing
from segments.checks import ChecksFail
from segments.models import Segment
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.guard import guarded, is_confirmed

TOLD = 10  # segments of which the page tells what closes for people


@settings_view("segments.manage")
@require_http_methods(["GET", "POST"])
def segment_removal(request, pk):
    """Where it is used, what could stand there instead, and then: archive or delete."""
    segment = get_object_or_404(Segment, pk=pk, built_in_key=None)
    uses = replacing.everywhere(segment)
    fault = _remove(request, segment, uses) if request.POST.get("do") in ("archive", "delete") else ""
    if fault is None:
        return redirect("settings:segments")
    content = {"segment": segment, "uses": uses, "fault": fault, "fitting": replacing.fitting(segment)}
    content |= {"chosen": request.POST.get("replacement", ""), "narrows": _narrows(segment)}
    content["done"] = _consequences(request, segment, uses)
    page = "segments/settings/removal.html"
    page += "#effects" if request.htmx else ""
    return render(request, page, content, status=422 if fault else 200)


def _consequences(request, segment, uses):
    """What it does to people: with what was chosen in its place, if anything was."""
    if not uses or segment.archived_at is not None or segment.live_build is None:
        return None
    return consequences.of_going(segment, instead=_chosen(request, segment))


def _remove(request, segment, uses):
    """Why it could not be; None where it is done."""
    by, deleting = Actor.of_member(request.member), request.POST.get("do") == "delete"
    other = _chosen(request, segment)
    if _narrows(segment):
        return "It restricts what its members may do. Set its permissions to Inherit first."
    if uses and other is None and deleting:
        return "It is in use. Choose what stands there instead, or archive it."
    if request.POST.get("replacement") and other is None:
        return "That segment cannot stand in its place. Choose another."
    try:
        with guarded(segment=segment, confirmed=is_confirmed(request)):
            if uses and other is not None:
                replacing.replace(segment, by_other=other, by=by)
            if deleting:
                editing.delete(segment)
            elif segment.archived_at is None:
                editing.archive(segment, by=by)
    except ChecksFail as error:
        return f"With “{other}” in its place a check fails. {error}"
    instead = f" “{other.name}” stands in its place." if uses and other else ""
    done = "deleted" if deleting else "archived"
    messages.success(request, f"“{segment.name}” is {done}.{instead}")
    return None


def _chosen(request, segment):
    try:
        key = UUID(request.POST.get("replacement", ""))
    except ValueError:
        return None
    return replacing.fitting(segment).filter(pk=key).first()


@settings_view("segments.manage")
@require_POST
def archive_segments(request):
    """Those that are ticked. Where some are in use, it asks first and says what closes."""
    segments = list(_ticked(request))
    if not segments:
        messages.error(request, "Nothing was archived: tick some segments first.")
        return redirect("settings:segments")
    rows = [(segment, replacing.everywhere(segment), _narrows(segment)) for segment in segments]
    sure = request.POST.get("sure") == "yes"
    if not sure and any(uses or narrows for _, uses, narrows in rows):
        told = [(*row, _closing(*row) if at < TOLD else []) for at, row in enumerate(rows)]
        return render(request, "segments/settings/archive_many.html", {"rows": told})
    going = [segment for segment, _, narrows in rows if not narrows]
    with guarded(confirmed=is_confirmed(request)):
        for segment in going:
            editing.archive(segment, by=Actor.of_member(request.member))
    many = "segment is" if len(going) == 1 else "segments are"
    messages.success(request, f"{len(going)} {many} archived. What names them is closed.")
    return redirect("settings:segments")


def _closing(segment, uses, narrows):
    """What people lose by it."""
    gone = not uses or narrows or segment.live_build is None
    return [] if gone else consequences.of_going(segment).losses


def _ticked(request):
    keys = []
    for text in request.POST.getlist("pick"):
        try:
            keys.append(UUID(text))
        except ValueError:
            continue
    return Segment.objects.present().filter(pk__in=keys, built_in_key=None).order_by("name", "pk")


def _narrows(segment):
    try:
        permissions.must_not_narrow(segment)
    except permissions.Narrows:
        return True
    return False
