from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.experiences import asked, open_tabs, pages
from segments import activity
from workspaces.access import partner_view

PAGE = "portal/experiences/partner/tab.html"
HOME = "home"


@require_safe
@partner_view
def home(request):
    """The first tab that is there for the viewer."""
    tabs = open_tabs.find(request.viewer, wanted=open_tabs.FIRST)
    chosen = tabs[0] if tabs else None
    _viewed(request, chosen)
    return render(request, PAGE, _page(request, tabs, chosen, current=HOME))


@require_safe
@partner_view
def tab(request, key):
    tabs = open_tabs.find(request.viewer, wanted=open_tabs.BY_KEY, key=key)
    chosen = next((tab for tab in tabs if tab.key == key), None)
    if chosen is None:
        raise Http404
    _viewed(request, chosen)
    return render(request, PAGE, _page(request, tabs, chosen, current=str(key)))


@require_safe
@partner_view
def tabs(request):
    """For an open page that was told to look again: its tabs, what opened, and its own content."""
    current, known = request.GET.get("current"), set(request.GET.get("known", "").split(","))
    if current == HOME:
        tabs = open_tabs.find(request.viewer, wanted=open_tabs.FIRST)
        chosen = tabs[0] if tabs else None
    else:
        key = _key(current)
        tabs = open_tabs.find(request.viewer, wanted=open_tabs.BY_KEY, key=key)
        chosen = next((tab for tab in tabs if tab.key == key), None)
    context = _page(request, tabs, chosen, current=current, known=known)
    if not current:  # another feature's page, which stays as it is
        context["bar"] = pages.bar(tabs, current=request.GET.get("around"), known=known)
    context["closed"] = chosen is None and current not in {None, HOME}
    return render(request, "portal/experiences/partner/live.html", context)


@require_safe
@partner_view
def events(request):
    """The live stream's address. The web entry answers it itself (live/); under a plain WSGI server it ends here."""
    return HttpResponse(status=204)


def _key(text):
    """Whatever was asked for: what is no key is nobody's."""
    try:
        return UUID(text)
    except (TypeError, ValueError):
        return None


def _viewed(request, chosen):
    """Noted for the segments that ask for it, where a page was opened and not just looked at again."""
    if chosen is not None and request.method == "GET":
        activity.did(request, asked.VIEWED, str(chosen.key))


def _page(request, tabs, chosen, *, current, known=None):
    """`current` is the tab's key, or HOME: there another tab may come first while the page is open."""
    main, side = [], []
    if chosen:
        address = reverse("partner:home") if current == HOME else reverse("partner:tab", args=[chosen.key])
        main, side = pages.sections_for(chosen, request, address=address)
    return {
        "tab": chosen,
        "main": main,
        "side": side,
        "bar": pages.bar(tabs, current=str(chosen.key) if chosen else None, known=known),
        "current": current,
        "at_home": current == HOME or (chosen is not None and chosen == tabs[0]),
        "greeting": pages.greeting(request.contact, request.workspace),
    }
