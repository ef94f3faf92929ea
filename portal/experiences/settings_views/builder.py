"""The builder: one draft, tab by tab, section by section. What is selected stands in the address."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.experiences import editing, rich_text
from portal.experiences.forms import MoveForm, NewSectionForm, SectionForm, TabForm
from portal.experiences.models import Experience, Section, Tab
from portal.experiences.settings_views.screen import Screen
from segments.audience import AudienceForm
from workspaces.access import settings_view
from workspaces.actors import Actor

PAGE = "portal/experiences/settings/builder.html"


@require_safe
@settings_view("experiences.view")
def experience(request, pk):
    """The first tab."""
    return _show(request, Screen(_experience(pk)))


@require_POST
@settings_view("experiences.manage")
def tabs(request, pk):
    found = _experience(pk)
    form = TabForm(request.POST, instance=Tab(experience=found))
    if not form.is_valid():
        return _show(request, Screen(found), new_tab=form, status=422)
    made = editing.add_tab(found, title=form.cleaned_data["title"], by=_actor(request))
    return redirect("settings:experience_tab", pk, made.key)


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("experiences.view")
def tab(request, pk, key):
    """GET shows a tab; POST saves its title and who sees it."""
    screen = Screen(_experience(pk), tab=key)
    if request.method != "POST":
        return _show(request, screen)
    _must_manage(request)
    form = TabForm(request.POST, instance=screen.tab)
    return _saved(request, screen, form) or redirect("settings:experience_tab", pk, key)


@require_POST
@settings_view("experiences.manage")
def sections(request, pk, key):
    tab, form = _tab(pk, key), NewSectionForm(request.POST)
    if not form.is_valid():
        raise Http404
    made = editing.add_section(tab, kind=form.cleaned_data["kind"], by=_actor(request))
    return redirect("settings:experience_section", pk, made.key)


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("experiences.view")
def section(request, pk, key):
    """GET shows a section on its tab; POST saves its words and who sees it."""
    screen = Screen(_experience(pk), section=key)
    if request.method != "POST":
        return _show(request, screen)
    _must_manage(request)
    form = SectionForm(request.POST, instance=screen.section)
    return _saved(request, screen, form) or redirect("settings:experience_section", pk, key)


@require_POST
@settings_view("experiences.view")
def section_text(request, pk, key):
    """What the text being written will look like. Keeps nothing."""
    _section(pk, key)
    html = rich_text.render(request.POST.get("body", "")[:20_000])
    return render(request, f"{PAGE}#text", {"html": html})


@require_POST
@settings_view("experiences.manage")
def tab_position(request, pk, key):
    _move(request, _tab(pk, key))
    return redirect("settings:experience_tab", pk, key)


@require_POST
@settings_view("experiences.manage")
def section_position(request, pk, key):
    moved = _section(pk, key)
    _move(request, moved)
    return redirect("settings:experience_tab", pk, moved.tab.key)


@require_POST
@settings_view("experiences.manage")
def tab_deletion(request, pk, key):
    editing.delete(_tab(pk, key), by=_actor(request))
    return redirect("settings:experience", pk)


@require_POST
@settings_view("experiences.manage")
def section_deletion(request, pk, key):
    gone = _section(pk, key)
    editing.delete(gone, by=_actor(request))
    return redirect("settings:experience_tab", pk, gone.tab.key)


def _show(request, screen, *, status=200, **forms):
    subject = screen.section or screen.tab
    own_form = SectionForm if screen.section else TabForm
    context = {
        "screen": screen,
        "may_manage": request.member.may("experiences.manage"),
        "form": own_form(instance=subject) if subject else None,
        "audience_form": AudienceForm(instance=subject.audience) if subject else None,
        "new_tab": TabForm(auto_id="new_%s"),
        "section_html": rich_text.render(screen.section.body) if screen.section else "",
        **forms,
    }
    return render(request, PAGE, context, status=status)


def _saved(request, screen, form):
    """Saves both halves of the rail, or answers the page with what is wrong."""
    audience_form = AudienceForm(request.POST, instance=form.instance.audience)
    if not (form.is_valid() & audience_form.is_valid()):
        return _show(request, screen, form=form, audience_form=audience_form, status=422)
    audience_form.save()
    editing.save(form.instance, by=_actor(request))
    return None


def _move(request, row):
    form = MoveForm(request.POST)
    if not form.is_valid():
        raise Http404
    editing.move(row, places=form.cleaned_data["places"], by=_actor(request))


def _must_manage(request):
    if not request.member.may("experiences.manage"):
        raise PermissionDenied


def _actor(request):
    return Actor.of_member(request.member)


def _experience(pk):
    return get_object_or_404(Experience.objects, pk=pk)


def _tab(pk, key):
    return get_object_or_404(Tab.objects.draft().select_related("experience"), experience=pk, key=key)


def _section(pk, key):
    drafts = Section.objects.select_related("tab__experience").filter(tab__stage="draft")
    return get_object_or_404(drafts, tab__experience=pk, key=key)
