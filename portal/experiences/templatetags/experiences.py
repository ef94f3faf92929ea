"""The portal's tabs, for the layout of every partner page."""

from urllib.parse import urlencode

from django import template
from django.template import Engine
from django.urls import reverse

from portal.experiences import open_tabs, pages

register = template.Library()


@register.simple_tag(takes_context=True)
def portal_bar(context):
    """The view's own bar, or on other features' pages one with the tab that shows the feature. Asked once a page."""
    if "bar" in context:
        return context["bar"]
    request = context["request"]
    if not hasattr(request, "portal_bar"):
        viewer = getattr(request, "viewer", None) if getattr(request, "contact", None) else None
        tabs = open_tabs.find(viewer) if viewer else []
        request.portal_bar = pages.bar(tabs, current=pages.tab_around(tabs, request.path))
    return request.portal_bar


@register.simple_tag
def live_tabs_url(bar, current=""):
    """Where the open page asks for its tabs again, saying which it already shows, and which it is or belongs to."""
    query = {"known": bar.known, "current": current, "around": "" if current else bar.current}
    return reverse("partner:tabs") + "?" + urlencode({k: v for k, v in query.items() if v}, safe=",")


@register.simple_tag(takes_context=True)
def show_section(context, shown):
    with context.push(**{"section": shown.section, "kind": shown.kind, **shown.context}):
        return Engine.get_default().get_template(shown.kind.template).render(context)
