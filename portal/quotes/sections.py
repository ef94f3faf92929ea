"""The quotes as a section of a portal's tab."""

from portal.quotes.models import Quote, QuoteSettings

TEMPLATE = "portal/quotes/partner/_section.html"
SHOWN = 3


def context(request, section):
    quotes = Quote.objects.visible_to(request.viewer).with_totals()[:SHOWN]
    return {
        "quotes": list(quotes),
        "may_create": QuoteSettings.may_create(request.viewer),
        "section": section,
        "section_title": getattr(section, "title", "") or "Quotes",
    }
