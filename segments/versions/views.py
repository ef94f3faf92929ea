from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from segments import editing
from segments.checks import ChecksFail
from segments.engine import publishing
from segments.engine.definitions import fields_of
from segments.models import Build, ScheduledChange, Segment
from segments.rules.validate import InvalidRule
from segments.versions import scheduling
from segments.versions.one_version import OneVersion
from segments.versions.version_list import VersionList
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.guard import guarded, is_confirmed


@settings_view("segments.view")
@require_safe
def segment_versions(request, pk):
    segment = get_object_or_404(Segment, pk=pk)
    content = {"segment": segment, "list": VersionList(segment, request.GET)}
    content["may_manage"] = _may_change(request, segment)
    return render(request, "segments/settings/versions.html", content)


@settings_view("segments.view")
@require_safe
def segment_version(request, pk, build_pk):
    build = get_object_or_404(Build.objects.select_related("segment"), pk=build_pk, segment=pk)
    content = {"segment": build.segment, "version": OneVersion(build, fields_of(build.segment.level))}
    content["may_manage"] = _may_change(request, build.segment)
    return render(request, "segments/settings/version.html", content)


@settings_view("segments.manage")
@require_POST
def segment_version_restoration(request, pk, build_pk):
    build = get_object_or_404(
        Build.objects.select_related("segment"), pk=build_pk, segment=pk, segment__built_in_key=None
    )
    segment, by = build.segment, Actor.of_member(request.member)
    if not build.by_rule or segment.archived_at is not None:
        messages.error(request, "This version cannot be restored.")
        return redirect("settings:segment-version", segment.pk, build.pk)
    try:
        with guarded(segment=segment, confirmed=is_confirmed(request)):
            made = editing.save(
                segment,
                name=segment.name,
                description=segment.description,
                kind=Segment.Kind.DYNAMIC,
                tree=build.tree,
                by=by,
            )
    except ChecksFail as error:
        messages.error(request, f"Not restored: {error} Change the rule in the editor to save it anyway.")
        return redirect("settings:segment-version", segment.pk, build.pk)
    except InvalidRule as error:
        faults = " ".join(dict.fromkeys(fault.message for fault in error.errors))
        messages.error(request, f"Version {build.version} no longer fits: {faults}")
        return redirect("settings:segment-version", segment.pk, build.pk)
    messages.success(request, _restored(segment, build, made))
    return redirect("settings:segment-versions", segment.pk)


def _restored(segment, build, made):
    if made is None:
        return f"“{segment.name}” has the rule of version {build.version} already."
    waits = publishing.building(segment) is not None
    effect = "It takes effect when everybody is counted." if waits else "It is in effect."
    return f"The rule of version {build.version} is version {made.version} now. {effect}"


@settings_view("segments.manage")
@require_POST
def scheduled_change_cancellation(request, pk, change_pk):
    change = get_object_or_404(ScheduledChange, pk=change_pk, segment=pk)
    if scheduling.cancel(change, by=Actor.of_member(request.member)):
        messages.success(request, "The scheduled change is cancelled.")
    else:
        messages.error(request, "It was too late: the change is not waiting any more.")
    return redirect("settings:segment-versions", pk)


def _may_change(request, segment):
    open_to_change = not segment.built_in and segment.archived_at is None
    return request.member.may("segments.manage") and open_to_change
