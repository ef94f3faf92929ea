"""What belongs to a person and not to a workspace: their places, and themselves."""

from dataclasses import dataclass, field

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import get_script_prefix
from django.views.decorators.http import require_http_methods, require_POST

from workspaces import people
from workspaces.access import person_view
from workspaces.models import User, Workspace
from workspaces.tenancy import workspace_transaction


@dataclass
class Place:
    """A workspace as one person sees it: member of its team, contact of some of its partners, or both."""

    workspace: Workspace
    member: object = None
    contacts: list = field(default_factory=list)
    chosen: object = None

    @property
    def doors(self):
        return bool(self.member) + len(self.contacts)

    @property
    def portal_url(self):
        return f"/{self.workspace.slug}/"

    @property
    def settings_url(self):
        return f"/{self.workspace.slug}/settings/"


@person_view
def workspaces(request):
    places = [place for place in places_of(request) if place.doors]
    if len(places) == 1 and places[0].doors == 1 and request.workspace is None:
        return redirect(places[0].settings_url if places[0].member else places[0].portal_url)
    return render(request, "workspaces/person/workspaces.html", {"places": places})


@person_view
@require_POST
def choose(request):
    """Which partner's contact the person is from now on, in one of their workspaces."""
    for place in places_of(request):
        for contact in place.contacts:
            if str(contact.pk) == request.POST.get("contact"):
                people.choose_contact(request.session, contact)
                return redirect(get_script_prefix() if request.workspace else place.portal_url)
    raise Http404


class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name",)
        labels = {"name": "Your name"}
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


@person_view
@require_http_methods(["GET", "HEAD", "POST"])
def you(request):
    form = NameForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("you")
    return render(request, "workspaces/person/you.html", {"form": form}, status=422 if form.errors else 200)


def places_of(request):
    """The person's workspaces, each read in its own transaction. Its own domain shows one workspace alone."""
    accesses = request.user.accesses.select_related("workspace").order_by("workspace__name")
    if not request.on_main_host:
        accesses = accesses.filter(workspace=request.workspace)
    return [_place(request, access.workspace) for access in accesses]


def _place(request, workspace):
    with workspace_transaction(workspace, snapshot=True):
        contacts = list(people.contacts_of(request.user))
        remembered = request.session.get(people.CHOSEN_CONTACT, {}).get(str(workspace.pk))
        chosen = next((contact for contact in contacts if str(contact.pk) == remembered), None)
        return Place(workspace, people.team_member(request.user), contacts, chosen)
