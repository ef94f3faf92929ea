"""The draft as one contact would see it: the same gates, asked for that contact. Nothing can be done there.

Who may look, and that they said why, is asked by portal.access before `as_contact` is called.
"""

from django.db.models import Q
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.experiences import pages
from portal.experiences.models import Experience, Section
from portal.experiences.settings_views.screen import Screen
from segments.viewer import viewer_of
from workspaces.access import settings_view
from workspaces.models import Contact

MOST = 20


@require_safe
@settings_view("experiences.view")
def choose(request, pk):
    experience = get_object_or_404(Experience.objects, pk=pk)
    words = request.GET.get("q", "").replace("\x00", "").strip()
    found = Contact.objects.exclude(status=Contact.Status.SUSPENDED).select_related("partner")
    if words:
        found = found.filter(
            Q(name__icontains=words) | Q(email__icontains=words) | Q(partner__name__icontains=words)
        )
    contacts = list(found.order_by("name", "pk")[: MOST + 1])
    context = {
        "experience": experience,
        "contacts": contacts[:MOST],
        "more": len(contacts) > MOST,
        "q": words,
    }
    return render(request, "portal/experiences/settings/preview_as.html", context)


def as_contact(request, pk, target, *, viewing, key=None):
    screen = Screen(get_object_or_404(Experience.objects, pk=pk), tab=key)
    # From here on the page is asked for the contact, gates and content alike.
    request.contact, request.viewer = target, viewer_of(target)
    open_tabs = set(screen.experience.tabs.draft().shown_to(request.viewer).values_list("key", flat=True))
    if key is None:
        screen = _at_first_open_tab(screen, open_tabs)
    for tab in screen.tabs:
        tab.hidden = tab.key not in open_tabs
    context = {"screen": screen, "target": target, "open_tabs": len(open_tabs), "viewing": viewing}
    context |= _columns(request, screen)
    # The frame around it is the team's again.
    del request.contact
    return render(request, "portal/experiences/settings/preview.html", context)


def _at_first_open_tab(screen, open_tabs):
    first = next((tab.key for tab in screen.tabs if tab.key in open_tabs), None)
    return Screen(screen.experience, tab=first) if first and first != screen.tab.key else screen


def _columns(request, screen):
    """Each section as shown, or as a ghost where it is not for the contact."""
    sections = [section for section in screen.sections if section.kind_of]
    visible = set(
        Section.objects.filter(tab=screen.tab).visible_to(request.viewer).values_list("key", flat=True)
    )
    found = [
        pages.shown(section, request, address=request.path)
        if section.key in visible
        else pages.Shown(section, section.kind_of, {}, ghost=True)
        for section in sections
    ]
    main, side = pages.columns(found)
    return {"main": main, "side": side, "hidden": sum(shown.ghost for shown in found)}
