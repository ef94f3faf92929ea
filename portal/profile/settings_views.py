"""Settings → Partner profile: once for all portals."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.profile import arranging
from portal.profile.layout import shown_fields
from portal.profile.models import ProfileField, ProfileLayout, can_be_editable
from portal.profile.partner_views import logo_response
from segments import live
from segments.audience_form import AudienceForm
from segments.models import Audience
from segments.uses import Words, in_words, reach
from workspaces.access import settings_view
from workspaces.display import Display
from workspaces.guard import guarded, is_confirmed
from workspaces.models import Partner, Property
from workspaces.properties import properties_of


@dataclass(frozen=True)
class Row:
    field: ProfileField
    can_be_editable: bool
    own: Words | None
    example: str


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("profile.view")
def profile(request):
    """The fields: shown, in order, editable or not."""
    if request.method == "POST":
        _needs_manage(request)
        _arrange(request.POST)
        return redirect("settings:profile")
    return _page(request, AudienceForm(instance=_audience()))


@require_POST
@settings_view("profile.manage")
def profile_editing(request):
    """Who may edit, where a property has no audience of its own."""
    form = AudienceForm(request.POST, instance=ProfileLayout.ensure().audience)
    if not form.is_valid():
        return _page(request, form, status=422)
    with guarded(confirmed=is_confirmed(request)):
        form.save()
    live.announce_to_all()
    messages.success(request, "Saved.")
    return redirect("settings:profile")


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("profile.view")
def profile_field(request, pk):
    """Who may edit one property."""
    prop = get_object_or_404(_shown_properties(), pk=pk)
    if request.method != "POST":
        field = ProfileField.objects.filter(prop=prop).select_related("audience").first()
        return _field_page(
            request, prop, AudienceForm(instance=(field and field.audience) or _audience()), field
        )
    _needs_manage(request)
    field = ProfileLayout.ensure().fields.get(prop=prop)
    if "follow" in request.POST:
        with guarded(confirmed=is_confirmed(request)):
            arranging.follow_the_profile(field)
        live.announce_to_all()
        messages.success(request, f"{prop} follows the profile.")
        return redirect("settings:profile")
    form = AudienceForm(request.POST, instance=field.audience or Audience())
    if not form.is_valid():
        return _field_page(request, prop, form, field, status=422)
    with guarded(confirmed=is_confirmed(request)):
        form.instance = arranging.own_audience(field)
        form.save()
    live.announce_to_all()
    messages.success(request, f"Who may edit {prop} is saved.")
    return redirect("settings:profile")


@require_GET
@settings_view("partners.view")
def partner_logo(request, pk, version):
    return logo_response(get_object_or_404(Partner.objects.all(), pk=pk), version)


def _arrange(data):
    layout = ProfileLayout.ensure()
    arranging.let_edit(layout, set(data.getlist("editable")), logo="logo_editable" in data)
    fields = {str(field.prop_id): field for field in layout.fields.select_related("audience", "layout")}
    if field := fields.get(data.get("up")):
        arranging.move(field, by=-1)
    elif field := fields.get(data.get("down")):
        arranging.move(field, by=1)
    elif field := fields.get(data.get("remove")):
        arranging.take_away(field)
    elif "add" in data and (prop := _addable().get(data.get("prop"))):
        arranging.show(prop)


def _page(request, form, *, status=200):
    layout = ProfileLayout.objects.select_related("audience").first()
    fields = shown_fields(layout)
    example = Partner.objects.order_by("name").first()
    audience = form.instance
    context = {
        "rows": [_row(field, example, Display(request.workspace.zone)) for field in fields],
        "addable": [p for p in _addable().values() if p.pk not in {field.prop_id for field in fields}],
        "form": form,
        "logo_editable": layout.logo_editable if layout else True,
        "example": example,
        "reach": reach([audience])[audience.pk],
        "words": in_words(audience),
        "gate_id": layout and layout.audience_id,
        "may_manage": request.member.may("profile.manage"),
    }
    return render(request, "portal/profile/settings/profile.html", context, status=status)


def _row(field, example, display):
    return Row(
        field,
        can_be_editable(field.prop),
        in_words(field.audience) if field.audience else None,
        display.text(field.prop, example.value(field.prop)) if example else "",
    )


def _field_page(request, prop, form, field, *, status=200):
    audience = form.instance
    context = {
        "prop": prop,
        "form": form,
        "field": field,
        "reach": reach([audience])[audience.pk],
        "may_manage": request.member.may("profile.manage"),
    }
    return render(request, "portal/profile/settings/field.html", context, status=status)


def _audience():
    layout = ProfileLayout.objects.select_related("audience").first()
    return layout.audience if layout else Audience()


def _addable():
    return {str(prop.pk): prop for prop in properties_of("partner").values()}


def _shown_properties():
    layout = ProfileLayout.objects.first()
    pks = [field.prop_id for field in shown_fields(layout)]
    return Property.objects.live().filter(pk__in=pks)


def _needs_manage(request):
    if not request.member.may("profile.manage"):
        raise PermissionDenied
