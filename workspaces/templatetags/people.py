"""What templates say about persons: their browser, and the partners that they may switch between."""

from django import template
from django.conf import settings

register = template.Library()
# The first that matches wins: every browser claims to be the ones after it.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser(user_agent):
    """“Firefox on Windows”, as well as one can tell."""
    names = [_first(user_agent, BROWSERS), _first(user_agent, SYSTEMS)]
    return " on ".join(name for name in names if name) or "A browser"


@register.inclusion_tag("workspaces/person/_switch.html", takes_context=True)
def partner_switch(context):
    """In the portal, for who works for several partners: which one, and the others."""
    request = context["request"]
    contacts = getattr(request, "contacts", []) if getattr(request, "contact", None) else []
    return {"request": request, "contacts": contacts, "csrf_token": context.get("csrf_token")}


@register.simple_tag(takes_context=True)
def public_address(context):
    """Where the workspace is on the main host, where passkeys work."""
    return f"{settings.PUBLIC_URL}/{context['request'].workspace.slug}/"


def _first(text, pairs):
    return next((name for mark, name in pairs if mark in text), "")
