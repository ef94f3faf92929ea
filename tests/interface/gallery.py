"""A small site of its own that shows the layouts and every component, with people and a workspace of paper."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import include, path

NOW = datetime(2026, 11, 20, 9, 38, tzinfo=UTC)
TREND = [28, 29, 29, 31, 33, 34, 34, 36, 38, 39, 39, 42]
ROWS = [
    {"name": "Gold partners EMEA", "about": "Gold and Platinum outside APAC that sell", "level": "Partner"},
    {"name": "Partner sales reps", "about": "Role is Sales rep", "level": "Contact"},
    {
        "name": "Certified resellers",
        "about": "Holds any current certification",
        "level": "Partner",
        "held": 23,
    },
    {
        "name": "Old APAC",
        "about": "Partners from the 2023 programme",
        "level": "Contact",
        "lint": "Nobody for 90 days. Region is “Asia-Pac” names an option HubSpot no longer has.",
    },
]
TABS = [
    {"id": "1", "title": "Home", "url": "/portal/", "current": True},
    {"id": "2", "title": "Deal registration", "url": "#2", "new": True},
    {"id": "3", "title": "Price and quotes", "url": "#3"},
    {"id": "4", "title": "Training", "url": "#4"},
    {"id": "5", "title": "Your team", "url": "#5"},
]


class Person(SimpleNamespace):
    def __str__(self):
        return self.name


class ExampleForm(forms.Form):
    name = forms.CharField(help_text="Partners never see this name.")
    website = forms.URLField(required=False, assume_scheme="https")
    tier = forms.ChoiceField(choices=[("gold", "Gold"), ("silver", "Silver")])
    discount = forms.DecimalField(initial=12)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    roles = forms.MultipleChoiceField(
        choices=[("sales", "Sales rep"), ("tech", "Solutions engineer"), ("admin", "Admin")], required=False
    )
    note = forms.CharField(widget=forms.Textarea, required=False, label="What it is for")
    mode = forms.ChoiceField(
        choices=[("all", "Everyone"), ("some", "Some")], widget=forms.RadioSelect, initial="all"
    )
    kind = forms.MultipleChoiceField(
        choices=[("a", "By e-mail"), ("b", "In the portal")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    published = forms.BooleanField(required=False, help_text="Partners see it within a second.")

    def clean(self):
        raise forms.ValidationError("Another segment already has these rules.")


def paper(request):
    """What the access decorators and middlewares would have left on the request."""
    request.user = Person(name="Lea Moreau", email="lea@northwind.example", is_authenticated=False)
    request.workspace = SimpleNamespace(
        name="Northwind Cloud", slug="northwind", brand_color=request.GET.get("brand", "#2b4fd0"), logo=None
    )
    request.member = SimpleNamespace(may=lambda permission: True)
    request.contact = SimpleNamespace(
        name="Ana Keller", partner=SimpleNamespace(name="Brightpath Consulting")
    )
    return request


def settings(request):
    tones = ["positive", "positive", "warning", "off"]
    states = ["Live", "Live", "Held", "Archived"]
    rows = [
        row
        | {"members": 318 * i, "trend": TREND, "used": "5 places", "at": NOW - timedelta(days=40 * i)}
        | {"tone": tones[i], "state": states[i]}
        for i, row in enumerate(ROWS)
    ]
    context = {
        "rows": rows,
        "form": ExampleForm({"name": "", "website": "northwind", "roles": ["sales"], "mode": "some"}),
        "names": ["Brightpath Consulting", "Adriatic Cloud Works", "Castellan Digital", "Fjord Systems"],
        "trend": TREND,
        "now": NOW,
        "earlier": NOW - timedelta(days=400),
    }
    return render(paper(request), "components/_gallery.html", context)


def portal(request):
    return render(paper(request), "components/_gallery_portal.html", {"tabs": TABS, "form": ExampleForm()})


def sign_in(request):
    return render(paper(request), "components/_gallery_sign_in.html", {"form": ExampleForm()})


def failing(request, code):
    return render(paper(request), f"{code}.html", status=code)


def elsewhere(request):
    return redirect("/sign-in/")


def wrong(request):
    return HttpResponse("Still wrong", status=422)


def toast(request):
    return HttpResponse(headers={"HX-Trigger": '{"toast": {"level": "success", "text": "Saved."}}'})


def events(request):
    """One message on connecting, as the product's stream does."""
    return HttpResponse("event: tabs\ndata: \n\n", content_type="text/event-stream")


def tabs(request):
    opened = {"id": "6", "title": "Just opened", "url": "#6", "new": True}
    return render(paper(request), "components/tab_bar.html", {"tabs": [*TABS, opened]})


def nothing(request, **_):
    return render(paper(request), "404.html", status=404)


def _page(name):
    return path(f"{name}/", nothing, name=name)


pages = [
    "home",
    "partners",
    "contacts",
    "deals",
    "experiences",
    "quotes",
    "segments",
    "profile",
    "properties",
    "team",
    "crm",
    "search",
]
portal_pages = [
    path("home/", portal, name="home"),
    path("tabs/", tabs, name="tabs"),
    path("events/", events, name="events"),
]
urlpatterns = [
    path("gallery/", settings),
    path("portal/", portal),
    path("sign-in/", sign_in),
    path("<int:code>/", failing),
    path("settings/", include(([_page(name) for name in pages], "settings"))),
    path("", include((portal_pages, "partner"))),
    path("elsewhere/", elsewhere),
    path("wrong/", wrong),
    path("toast/", toast),
    path("sign-out/", nothing, name="account_logout"),
    path("you/", nothing, name="you"),
]
