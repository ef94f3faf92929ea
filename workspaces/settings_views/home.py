from django.db.models import Case, Q, Value, When
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from workspaces import first_steps
from workspaces.access import settings_view
from workspaces.models import Contact, Partner

FOUND = 6
SHORTEST = 2


@settings_view("partners.view")
@require_safe
def home(request):
    """The way to the first gated tab, as long as a step is open; then the partners."""
    steps = first_steps.for_member(request.member)
    if all(step["done"] for step in steps):
        return redirect("settings:partners")
    done = len([step for step in steps if step["done"]])
    return render(request, "workspaces/settings/home.html", {"steps": steps, "done": done})


@settings_view("partners.view")
@require_safe
def search(request):
    """Partners and contacts for the palette: names that begin with the words come first."""
    words = request.GET.get("q", "").replace("\x00", "").strip()
    if len(words) < SHORTEST:
        return render(request, "workspaces/settings/search.html")
    partners = Partner.objects.filter(name__icontains=words)
    contacts = Contact.objects.filter(Q(name__icontains=words) | Q(email__icontains=words))
    content = {
        "partners": _closest(partners, words),
        "contacts": _closest(contacts.select_related("partner"), words),
    }
    return render(request, "workspaces/settings/search.html", content)


def _closest(records, words):
    begins = Case(When(name__istartswith=words, then=Value(0)), default=Value(1))
    return records.order_by(begins, "name", "pk")[:FOUND]
