from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from segments import checks, editing, permissions
from segments.editor import field_menu
from segments.editor.forms import NAME_TAKEN
from segments.editor.page import Editor
from segments.editor.recipes import RECIPES
from segments.engine import publishing
from segments.history.trend import trends
from segments.models import Segment
from segments.segment_list import SegmentList
from segments.versions import scheduling
from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.guard import guarded, is_confirmed

LIST = "segments/settings/list.html"
EDITOR = "segments/settings/editor.html"
TREND = 90  # days of the small line beside the editor
# Anyway: although checks fail. Sure: although much changes.
SAVING = {"save", "save-anyway", "save-sure", "save-sure-anyway"}


@settings_view("segments.view")
@require_safe
def segment_list(request):
    shown = SegmentList(request.GET, zone=request.workspace.zone)
    content = {
        "list": shown,
        "recipes": RECIPES.values(),
        "may_manage": request.member.may("segments.manage"),
    }
    return render(request, LIST, content)


@settings_view("segments.manage")
@require_http_methods(["GET", "POST"])
def new_segment(request):
    editor = Editor(segment=None, member=request.member, data=request.POST or None, params=request.GET)
    return _edit(request, editor)


@settings_view("segments.view")
@require_http_methods(["GET", "POST"])
def segment(request, pk):
    found = get_object_or_404(Segment, pk=pk)
    may_set = request.member.may("segments.manage") and found.archived_at is None
    if request.method == "POST" and not may_set:
        raise PermissionDenied
    editor = Editor(segment=found, member=request.member, data=request.POST or None)
    if request.method == "POST" and found.built_in:
        return _set_blocks(request, editor)
    return _edit(request, editor, may_edit=may_set and not found.built_in)


def _set_blocks(request, editor):
    """Who belongs to a built-in segment is the portal's to say; what its members may do is the team's."""
    if request.POST.get("do") != "save" or not editor.blocks_are_valid():
        return _show(request, editor, may_edit=False, status=422)
    try:
        with transaction.atomic():
            editing.touch(editor.segment, by=Actor.of_member(request.member), seen_at=_seen_at(editor))
    except editing.Overtaken:
        return _overtaken(request, editor, may_edit=False)
    for block in editor.blocks:
        block.save(editor.segment)
    messages.success(request, f"“{editor.segment.name}” is saved. It is in effect.")
    return redirect("settings:segment", editor.segment.pk)


def _edit(request, editor, *, may_edit=True):
    """One form for everything: it saves, or it comes back with a button pressed, or with what it would do."""
    action = request.POST.get("do", "")
    if action in {*SAVING, "schedule"} and editor.overtaken:
        return _overtaken(request, editor, may_edit)
    if request.method == "POST" and action in SAVING:
        if not editor.is_valid():
            return _show(request, editor, may_edit, status=422)
        editor.asks = "sure" not in action and _is_much(editor)
        return (
            _show(request, editor, may_edit, status=422)
            if editor.asks
            else _save_checked(request, editor, may_edit)
        )
    if request.method == "POST" and action == "schedule":
        return _schedule(request, editor, may_edit)
    if action and action not in ("preview", "exact"):
        editor.press(action)
    return _show(request, editor, may_edit)


def _overtaken(request, editor, may_edit):
    """What was typed is shown beside what somebody else saved meanwhile."""
    if editor.segment is not None:
        editor.segment.refresh_from_db()
        editor.__dict__.pop("latest", None)
        editor.__dict__.pop("overtaken", None)
    editor.told = editor.overtaken
    editor.catch_up()
    return _show(request, editor, may_edit, status=409)


def _seen_at(editor):
    return editor.drawn_from.at if editor.drawn_from else None


def _is_much(editor):
    if editor.segment is None:
        return bool(editor.consequences and editor.consequences.large)
    return editor.segment.archived_at is None and editor.weigh().large


def _show(request, editor, may_edit, *, status=200):
    content = {"editor": editor, "segment": editor.segment, "may_edit": may_edit}
    content["may_manage"] = request.member.may("segments.manage")
    content["field_icons"] = field_menu.DRAWN
    content["may_set"] = content["may_manage"] and not (editor.segment and editor.segment.archived_at)
    if editor.segment is not None:
        own = trends([editor.segment], days=TREND, zone=request.workspace.zone)
        content["trend"] = own[editor.segment.pk]
    page = EDITOR
    if request.htmx:
        page += "#rail" if request.POST.get("do") in ("preview", "exact") else "#work"
    return render(request, page, content, status=status)


def _schedule(request, editor, may_edit):
    """The rule as it stands in the form, for later. Name, description and kind stay as they are."""
    segment = editor.segment
    if segment is None or not segment.by_rule or editor.kind != Segment.Kind.DYNAMIC:
        messages.error(request, "Only the rule of a dynamic segment can be scheduled.")
        return _show(request, editor, may_edit, status=422)
    if not editor.is_valid():
        return _show(request, editor, may_edit, status=422)
    try:
        at = scheduling.read_moment(request.POST.get("take_effect_at", ""), request.workspace.zone)
    except scheduling.NotThen as error:
        messages.error(request, f"Not scheduled. {error}")
        return _show(request, editor, may_edit, status=422)
    by = Actor.of_member(request.member)
    scheduling.schedule(segment, tree=editor.checked.tree, at=at, by=by)
    words = f"{at.astimezone(request.workspace.zone):%-d %B %Y, %H:%M}"
    messages.success(
        request, f"The rule of “{segment.name}” changes on {words}. Until then it stays as it is."
    )
    return redirect("settings:segment-versions", segment.pk)


def _save_checked(request, editor, may_edit):
    """Where a check fails nothing is saved, until somebody says that it is meant."""
    try:
        with transaction.atomic():
            return _save(request, editor)
    except editing.Overtaken:
        return _overtaken(request, editor, may_edit)
    except checks.ChecksFail as error:
        editor.checks.failures = error.failures
        return _show(request, editor, may_edit, status=422)
    except IntegrityError as error:
        if "one_present_segment_per_name" not in str(error):
            raise
        editor.form.add_error("name", NAME_TAKEN)  # by somebody else, a moment ago
        return _show(request, editor, may_edit, status=422)


def _save(request, editor):
    by = Actor.of_member(request.member)
    cleaned, anyway = editor.form.cleaned_data, "anyway" in request.POST["do"]
    rule = {"members": editor.listed.member_ids} if editor.static else {"tree": editor.checked.tree}
    fields = {"name": cleaned["name"], "description": cleaned["description"], "kind": cleaned["kind"]}
    if editor.segment is None:
        saved = editing.create(level=editor.level, by=by, **fields, **rule)
        editor.checks.save(saved, by=by)
        despite = {"by": by, "despite": anyway}
        checks.hold_or_raise(
            saved, kind=saved.kind, tree=rule.get("tree"), members=rule.get("members"), **despite
        )
    else:
        saved = editor.segment
        editor.checks.save(saved, by=by)
        with guarded(segment=saved, confirmed=is_confirmed(request)):
            seen_at = _seen_at(editor)
            editing.save(saved, by=by, despite_checks=anyway, seen_at=seen_at, **fields, **rule)
    for block in editor.blocks:
        block.save(saved)
    build = publishing.building(saved)
    text = "It takes effect when everybody is counted." if build else "It is in effect."
    messages.success(request, f"“{saved.name}” is saved. {text}")
    return redirect("settings:segment", saved.pk)


def _change(view):
    """A post that changes one segment and leads back to it or to the list."""

    @settings_view("segments.manage")
    @require_POST
    def changed(request, pk):
        found = get_object_or_404(Segment, pk=pk, built_in_key=None)
        return view(request, found, Actor.of_member(request.member))

    changed.__name__ = view.__name__
    return changed


def _still_narrows(request, segment):
    text = f"“{segment.name}” stays: it restricts what its members may do, and without it they could do more."
    messages.error(request, f"{text} Set its permissions to Inherit first.")
    return redirect("settings:segment", segment.pk)


@_change
def archive_segment(request, segment, by):
    try:
        permissions.must_not_narrow(segment)
    except permissions.Narrows:
        return _still_narrows(request, segment)
    with guarded(segment=segment, confirmed=is_confirmed(request)):
        editing.archive(segment, by=by)
    messages.success(request, f"“{segment.name}” is archived. What names it is closed.")
    return redirect("settings:segment", segment.pk)


@_change
def restore_segment(request, segment, by):
    if Segment.objects.present().filter(name__iexact=segment.name).exists():
        messages.error(request, f"Another segment is called “{segment.name}” now. Rename that one first.")
    else:
        editing.restore(segment, by=by)
        messages.success(request, f"“{segment.name}” is back.")
    return redirect("settings:segment", segment.pk)


@_change
def duplicate_segment(request, segment, by):
    copy = editing.duplicate(segment, by=by)
    messages.success(request, f"“{copy.name}” is a copy of its own. Nothing names it yet.")
    return redirect("settings:segment", copy.pk)


@_change
def delete_segment(request, segment, by):
    try:
        permissions.must_not_narrow(segment)
        editing.delete(segment)
    except permissions.Narrows:
        return _still_narrows(request, segment)
    except editing.InUse as error:
        named = ", ".join(f"{use.kind} “{use.name}”" for use in error.uses[:5]) or "an audience"
        text = f"“{segment.name}” is not deleted: {named} would lose it. Take it out there, or archive it."
        messages.error(request, text)
        return redirect("settings:segment", segment.pk)
    messages.success(request, f"“{segment.name}” is deleted.")
    return redirect("settings:segments")


@_change
def retry_segment(request, segment, by):
    if publishing.retry(segment, by=by):
        messages.success(request, f"“{segment.name}” is being counted again.")
    return redirect("settings:segment", segment.pk)
