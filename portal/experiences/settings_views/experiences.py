"""The list of experiences, and what concerns one as a whole."""

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, Subquery
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.experiences import content, editing, publishing
from portal.experiences.forms import ExperienceForm
from portal.experiences.models import Experience, Publication, Stage
from workspaces.access import settings_view
from workspaces.actors import Actor

LIST = "portal/experiences/settings/list.html"


@require_safe
@settings_view("experiences.view")
def experiences(request):
    latest = Publication.objects.filter(experience=OuterRef("pk")).order_by("-number")
    found = list(
        Experience.objects.annotate(
            tab_count=Count("tabs", filter=Q(tabs__stage=Stage.DRAFT)),
            published_at=Subquery(latest.values("published_at")[:1]),
            published_by=Subquery(latest.values("published_by")[:1]),
        )
    )
    context = {
        "experiences": found,
        "differs": _differing(found),
        "may_manage": request.member.may("experiences.manage"),
    }
    return render(request, LIST, context)


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("experiences.manage")
def new_experience(request):
    form = ExperienceForm(request.POST or None, instance=Experience(workspace=request.workspace))
    if request.method != "POST" or not form.is_valid():
        return _named(request, form, status=422 if form.is_bound else 200)
    made = editing.create_experience(name=form.cleaned_data["name"], by=Actor.of_member(request.member))
    return redirect("settings:experience", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("experiences.manage")
def name(request, pk):
    experience = get_object_or_404(Experience.objects, pk=pk)
    form = ExperienceForm(request.POST or None, instance=experience)
    if request.method != "POST" or not form.is_valid():
        return _named(request, form, status=422 if form.is_bound else 200)
    form.save()
    return redirect("settings:experience", pk)


@require_POST
@settings_view("experiences.manage")
def portal(request, pk):
    experience = get_object_or_404(Experience.objects, pk=pk)
    publishing.put_into_portal(experience)
    messages.success(request, f"Partners now see “{experience.name}”.")
    return redirect("settings:experiences")


@require_POST
@settings_view("experiences.manage")
def deletion(request, pk):
    experience = get_object_or_404(Experience.objects, pk=pk)
    try:
        editing.delete_experience(experience)
    except editing.InPortal:
        messages.error(request, "Partners see this experience. Put another one into the portal first.")
        return redirect("settings:experience", pk)
    messages.success(request, f"“{experience.name}” is deleted.")
    return redirect("settings:experiences")


def _differing(experiences):
    """Keys of the experiences whose draft is not what is published."""
    contents: dict[str, dict] = {stage: {e.pk: [] for e in experiences} for stage in Stage}
    for stage, by_experience in contents.items():
        for tab in content.rows(experiences, stage):
            by_experience[tab.experience_id] += content.of([tab])
    return {e.pk for e in experiences if contents[Stage.DRAFT][e.pk] != contents[Stage.PUBLISHED][e.pk]}


def _named(request, form, *, status):
    return render(request, "portal/experiences/settings/name.html", {"form": form}, status=status)
