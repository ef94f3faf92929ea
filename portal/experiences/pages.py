"""What one viewer finds in the portal. Everything here asks the gates; what they close is simply not there."""

from dataclasses import dataclass, field

from django.urls import reverse
from django.utils import timezone

from portal.experiences import sections


@dataclass(frozen=True)
class TabLink:
    """A tab in the bar."""

    id: str
    title: str
    url: str
    current: bool = False
    new: bool = False


@dataclass(frozen=True)
class Bar:
    tabs: list[TabLink] = field(default_factory=list)

    @property
    def opened(self):
        """Tabs that opened while the page was open."""
        return [tab for tab in self.tabs if tab.new]

    @property
    def current(self):
        return next((tab.id for tab in self.tabs if tab.current), "")

    @property
    def known(self):
        return ",".join(tab.id for tab in self.tabs if not tab.new)


@dataclass(frozen=True)
class Shown:
    """A section with what its template needs; a ghost, which only the team's preview has, is hidden there."""

    section: object
    kind: sections.Kind
    context: dict
    ghost: bool = False


def sections_for(tab, request, *, address):
    """The tab's sections that are there for the viewer: main column, side column.

    `address` is the page's: a section that is fetched for an open page must not lead back to where it was
    fetched from.
    """
    known = [section for section in tab.sections if section.kind in sections.KINDS]
    return columns([shown(section, request, address=address) for section in known])


def shown(section, request, *, address):
    kind = sections.KINDS[section.kind]
    return Shown(section, kind, {**kind.context(request, section), "leads_back": address})


def columns(found):
    return [s for s in found if not s.kind.aside], [s for s in found if s.kind.aside]


def bar(tabs, *, current=None, known=None):
    """`known`: ids of the tabs that the page already had, or None where it is only being made."""
    return Bar(
        [
            TabLink(
                str(tab.key),
                tab.title,
                reverse("partner:tab", args=[tab.key]),
                current=str(tab.key) == current,
                new=known is not None and str(tab.key) not in known,
            )
            for tab in tabs
        ]
    )


def tab_around(tabs, path):
    """The key of the tab that a feature's own page belongs to: the first that shows the feature."""
    for tab in tabs:
        for section in tab.sections:
            kind = sections.KINDS.get(section.kind)
            if kind and kind.page and path.startswith(reverse(kind.page)):
                return str(tab.key)
    return None


def greeting(contact, workspace, *, now=None):
    """By the hour where the workspace is, and by first name where there is one."""
    hour = (now or timezone.now()).astimezone(workspace.zone).hour
    words = "Good morning" if 4 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening"
    first_name = contact.name.split(" ")[0] if contact.name and "@" not in contact.name else ""
    return f"{words}, {first_name}" if first_name else words
