"""Publishing the draft, and what was published before."""

from itertools import zip_longest

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from portal.experiences import changes as words
from portal.experiences import content, publishing
from portal.experiences.models import Experience, Publication, Stage
from portal.experiences.settings_views.screen import Screen
from workspaces.access import settings_view
from workspaces.actors import Actor

SHOWN = 50
LONGEST = 10  # digits of a draft's number


@require_POST
@settings_view("experiences.manage")
def publication(request, pk):
    experience = get_object_or_404(Experience.objects, pk=pk)
    seen = request.POST.get("seen", "")
    number = int(seen) if seen.isdecimal() and len(seen) < LONGEST else -1
    try:
        made = publishing.publish(experience, seen=number, by=Actor.of_member(request.member))
    except publishing.DraftMoved:
        messages.warning(
            request,
            "Not published: the draft was changed after you opened it. Look at the changes, then publish.",
        )
        return redirect("settings:experience_changes", pk)
    messages.success(request, f"Version {made.number} is published. Open portals show it now.")
    return redirect("settings:experience", pk)


@require_safe
@settings_view("experiences.view")
def changes(request, pk):
    experience = get_object_or_404(Experience.objects, pk=pk)
    context = {"screen": Screen(experience), "may_manage": request.member.may("experiences.manage")}
    return render(request, "portal/experiences/settings/changes.html", context)


@require_safe
@settings_view("experiences.view")
def history(request, pk):
    experience = get_object_or_404(Experience.objects, pk=pk)
    context = {
        "experience": experience,
        "versions": _versions(experience),
        "may_manage": request.member.may("experiences.manage"),
    }
    return render(request, "portal/experiences/settings/history.html", context)


@require_POST
@settings_view("experiences.manage")
def restoration(request, pk, version):
    restored = get_object_or_404(Publication.objects.select_related("experience"), experience=pk, pk=version)
    publishing.restore(restored, by=Actor.of_member(request.member))
    messages.success(request, f"Version {restored.number} is in the draft. Partners see it once you publish.")
    return redirect("settings:experience", pk)


def _versions(experience):
    """The latest versions, each with what it changed, and whether it is what the draft holds anyway."""
    found = list(experience.publications.all()[: SHOWN + 1])
    draft = content.load(experience, Stage.DRAFT)
    for version, before in zip_longest(found, found[1:]):
        version.changes = words.between(before.content if before else [], version.content)
        version.is_the_draft = not words.between(version.content, draft)
    return found[:SHOWN]
