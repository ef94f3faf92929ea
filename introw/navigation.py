"""The entries of Settings and of a person's own menu, in order. A context processor hands them to the layouts."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from workspaces.models import PersonAccess


@dataclass(frozen=True)
class Entry:
    label: str
    icon: str
    route: str
    permission: str = ""
    also: str = ""  # addresses below Settings that belong here too


# As wide as the product will be; what has no route yet does not show.
SETTINGS = (
    (
        "",
        (
            Entry("Partners", "firm", "settings:partners", "partners.view", "segments/of-partner/"),
            Entry("Contacts", "people", "settings:contacts", "contacts.view", "segments/of-contact/"),
            Entry("Deals", "deal", "settings:deals", "deals.view"),
            Entry("Leads", "inbox", "settings:leads", "deals.view"),
        ),
    ),
    (
        "Portal",
        (
            Entry("Experiences", "layout", "settings:experiences", "experiences.view"),
            Entry("Assets", "folder", "settings:assets"),
            Entry("Announcements", "horn", "settings:announcements"),
            Entry("Forms", "form", "settings:forms"),
            Entry("Submissions", "inbox", "settings:submissions"),
            Entry("Courses", "course", "settings:courses"),
            Entry("Certifications", "award", "settings:certifications"),
            Entry("Goals", "goal", "settings:goals"),
            Entry("Deal coach", "coach", "settings:coach"),
        ),
    ),
    (
        "Commerce",
        (
            Entry("Quotes", "quote", "settings:quotes", "quotes.view"),
            Entry("Products and prices", "tag", "settings:products", "quotes.view"),
        ),
    ),
    (
        "Settings",
        (
            Entry("Segments", "segment", "settings:segments", "segments.view"),
            Entry("Quote rules", "sliders", "settings:quote_rules", "quotes.view"),
            Entry("Partner profile", "form", "settings:profile", "profile.view"),
            Entry("Portal", "brush", "settings:portal", "workspace.view"),
            Entry("Roles", "people", "settings:roles", "properties.view"),
            Entry("Properties", "hash", "settings:properties", "properties.view"),
            Entry("Notifications", "bell", "settings:notifications", "notifications.view"),
            Entry("Team", "person", "settings:team", "team.view"),
            Entry("CRM connections", "plug", "settings:crm", "crm.view"),
            Entry("API and webhooks", "code", "settings:api"),
            Entry("Audit log", "log", "settings:audit", "workspace.view"),
        ),
    ),
)
PERSON = (
    Entry("You", "person", "you"),
    Entry("Notification settings", "bell", "partner:notification_settings"),
    Entry("Second factor", "shield", "mfa_index"),
    Entry("Where you are signed in", "monitor", "usersessions_list"),
)


def navigation(request):
    workspaces = SimpleLazyObject(lambda: workspaces_of(request))
    return {
        "settings_navigation": SimpleLazyObject(lambda: settings_groups(request)),
        "person_navigation": SimpleLazyObject(lambda: person_entries(request)),
        "person_workspaces": workspaces,
        "person_has_places": SimpleLazyObject(lambda: is_known_elsewhere(request, workspaces)),
        "demo": settings.DEMO,
    }


def settings_groups(request):
    """The groups that this member may open, each entry with its address; the current one is marked."""
    member = getattr(request, "member", None)
    groups = [
        {"label": label, "entries": [i for e in entries if _permitted(member, e) and (i := _item(e))]}
        for label, entries in SETTINGS
    ]
    items = [item for group in groups for item in group["entries"]]
    here = [(len(at), item) for item in items for at in item["places"] if request.path.startswith(at)]
    if here:
        max(here, key=lambda found: found[0])[1]["current"] = True
    return [group for group in groups if group["entries"]]


def person_entries(request):
    """Second factors have no page at a workspace's own domain; what is of the portal shows there alone."""
    here = [e for e in PERSON if e.route != "mfa_index" or getattr(request, "on_main_host", True)]
    if getattr(request, "contact", None) is None:
        here = [entry for entry in here if not entry.route.startswith("partner:")]
    return [item for entry in here if (item := _item(entry))]


def workspaces_of(request):
    """The workspaces this person is known in; the switcher shows when there are several."""
    if not request.user.is_authenticated:
        return []
    accesses = PersonAccess.objects.filter(user=request.user).select_related("workspace")
    return [access.workspace for access in accesses.order_by("workspace__name")]


def is_known_elsewhere(request, workspaces):
    """Whether there is another workspace to go to. In the portal the contact came with the answer."""
    places = getattr(getattr(request, "contact", None), "places", None)
    return (len(workspaces) if places is None else places) > 1


def _permitted(member, entry):
    return not entry.permission or (member is not None and member.may(entry.permission))


def _item(entry):
    try:
        url = reverse(entry.route)
    except NoReverseMatch:
        return None
    places = [url, reverse("settings:home") + entry.also] if entry.also else [url]
    return {"label": entry.label, "icon": entry.icon, "url": url, "places": places}
