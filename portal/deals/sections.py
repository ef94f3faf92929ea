"""Deals and leads as sections of a portal's tab."""

from functools import partial

from portal.deals.models import AttributedRecord
from portal.deals.partner_views import names, overview
from portal.deals.sharing import Shared

TEMPLATE = "portal/deals/partner/_section.html"
SHOWN = 4


def _context(request, section, *, level):
    shared = Shared(level)
    own = AttributedRecord.objects.filter(level=level).visible_to(request.viewer)
    # Where partners are not shown the stage, which ones are listed must not tell it either.
    latest = own.filter(outcome=AttributedRecord.Outcome.OPEN) if shared.stages else own
    labels = {option["value"]: option["label"] for option in shared.stages}
    return {
        **names(level),
        **overview(own, shared),
        "rows": [(record, labels.get(record.stage, "")) for record in latest[:SHOWN]],
        "shared": shared,
        "section": section,
        "section_title": getattr(section, "title", "") or f"{level.capitalize()}s",
    }


deals = partial(_context, level="deal")
leads = partial(_context, level="lead")
