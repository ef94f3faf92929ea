"""Every kind of section there is. A new feature that has something for a tab adds its line here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.deals import sections as deals
from portal.experiences import rich_text
from portal.profile import sections as profile
from portal.quotes import sections as quotes


@dataclass(frozen=True)
class Kind:
    key: str
    label: str
    icon: str
    about: str  # one line for the team
    template: str
    context: Callable[[Any, Any], dict]  # (request, section) → what the template needs
    written: bool = False  # has a text of its own
    aside: bool = False  # stands in the narrow column
    page: str = ""  # the route of the feature's own page, which belongs to the tab that shows the section


def text_context(request, section):
    return {"html": rich_text.render(section.body)}


KINDS = {
    kind.key: kind
    for kind in (
        Kind(
            key="rich_text",
            label="Text",
            icon="text",
            about="Words of yours, with headings, lists, tables and links.",
            template="portal/experiences/partner/_text.html",
            context=text_context,
            written=True,
        ),
        Kind(
            key="partner_profile",
            label="Partner profile",
            icon="firm",
            about="The partner’s own properties; some can edit them there.",
            template=profile.TEMPLATE,
            context=profile.context,
            page="partner:profile",
        ),
        Kind(
            key="deals",
            label="Deals",
            icon="deal",
            about="The partner’s pipeline by stage, and the latest open ones.",
            template=deals.TEMPLATE,
            context=deals.deals,
            page="partner:deals",
        ),
        Kind(
            key="leads",
            label="Leads",
            icon="inbox",
            about="The partner’s leads by status, and the latest open ones.",
            template=deals.TEMPLATE,
            context=deals.leads,
            page="partner:leads",
        ),
        Kind(
            key="quotes",
            label="Quotes",
            icon="quote",
            about="The partner’s latest quotes, and a button for a new one.",
            template=quotes.TEMPLATE,
            context=quotes.context,
            aside=True,
            page="partner:quotes",
        ),
    )
}
