from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from workspaces.access import settings_view
from workspaces.actors import Actor
from workspaces.forms import NewPropertyForm, PropertyDetailsForm
from workspaces.models import Property
from workspaces.option_rows import OptionRows
from workspaces.options import OptionErrors, OptionsHeld, checked, is_role, locked, save_options
from workspaces.properties import define_properties, save_property
from workspaces.property_usage import counts, uses


@settings_view("properties.view")
@require_safe
def property_list(request):
    level = _level(request.GET.get("level", "partner"))
    q = request.GET.get("q", "").strip().lower()
    every = list(Property.objects.filter(level=level))
    held = counts(level)
    shown = [
        {"prop": prop, "held": held.get(prop.number, 0)}
        for prop in every
        if (prop.archived_at is not None) == ("archived" in request.GET)
        and (q in prop.label.lower() or q in prop.key)
    ]
    content = {
        "level": level,
        "levels": Property.Level.choices,
        "shown": shown,
        "total": len([prop for prop in every if prop.archived_at is None]),
        "any_archived": any(prop.archived_at for prop in every),
        "archived": "archived" in request.GET,
        "q": q,
        "may_change": request.member.may("properties.manage"),
    }
    page = "workspaces/settings/properties.html"
    return render(request, f"{page}#rows" if request.htmx else page, content)


@settings_view("properties.manage")
def new_property(request):
    level = _level(request.POST.get("level") or request.GET.get("level", "partner"))
    form = NewPropertyForm(request.POST or None, level=level, initial={"type": "text"})
    rows = OptionRows.of_post(Property(level=level), request.POST)
    content = {"form": form, "level": level, "rows": rows}
    page = "workspaces/settings/property_new.html"
    if request.method != "POST":
        return render(request, page, content)
    if "do" in request.POST:
        rows.do(request.POST["do"])
        return render(
            request, f"{page}#options" if request.htmx else page, content | {"form": _unjudged(form)}
        )
    if form.is_valid() and (prop := _define(form, level, rows)):
        messages.success(request, f"{prop.label} is a property of {level}s now.")
        return redirect("settings:property", prop.pk)
    return render(request, page, content, status=422)


@settings_view("properties.view")
def property_page(request, pk):
    prop = get_object_or_404(Property.objects.select_related("workspace"), pk=pk)
    may_change = request.member.may("properties.manage")
    if request.method == "POST" and not may_change:
        raise PermissionDenied
    if request.method == "POST":
        return _save(request, locked(prop))
    form = PropertyDetailsForm(instance=prop, fixed_type=_type_is_fixed(prop))
    return _show(request, prop, form, OptionRows.of(prop))


@settings_view("properties.manage")
@require_POST
def property_archive(request, pk):
    prop = locked(get_object_or_404(Property, pk=pk))
    if prop.built_in:
        raise PermissionDenied
    if found := uses(prop):
        names = ", ".join(use.label for use in found[:5])
        messages.error(request, f"{prop.label} is in use by {names}. Take it out there first.")
    else:
        prop.archived_at = timezone.now()
        save_property(prop)
        messages.success(request, f"{prop.label} is archived. Its values are kept, and it can come back.")
    return redirect("settings:property", prop.pk)


@settings_view("properties.manage")
@require_POST
def property_restoration(request, pk):
    prop = locked(get_object_or_404(Property, pk=pk))
    prop.archived_at = None
    save_property(prop)
    messages.success(request, f"{prop.label} is back.")
    return redirect("settings:property", prop.pk)


def _save(request, prop):
    kept = request.POST.copy()
    form = PropertyDetailsForm(request.POST, instance=prop, fixed_type=_type_is_fixed(prop))
    rows = OptionRows.of_post(prop, request.POST)
    if "do" in request.POST:
        rows.do(kept["do"])
        return _show(request, prop, _unjudged(form), rows, fragment="options")
    if not form.is_valid():
        return _show(request, prop, form, rows, status=422)
    try:
        with transaction.atomic():
            changed = form.save(commit=False)
            save_property(changed)
            if changed.has_options and rows:
                by = Actor.of_member(request.member)
                save_options(changed, rows.rows, by=by, seen=rows.seen, moves=rows.moves)
    except OptionErrors as error:
        rows.explain(error)
        return _show(request, prop, form, rows, status=422)
    except OptionsHeld as question:
        rows.ask(question)
        return _show(request, prop, form, rows, status=422)
    messages.success(request, "Saved.")
    return redirect("settings:property", prop.pk)


def _show(request, prop, form, rows, *, status=200, fragment=None):
    content = {
        "prop": prop,
        "form": form,
        "rows": rows,
        "held": counts(prop.level).get(prop.number, 0),
        "type_is_fixed": "type" not in form.fields,
        "uses": uses(prop),
        "is_role": is_role(prop),
        "may_change": request.member.may("properties.manage"),
    }
    page = "workspaces/settings/property.html"
    return render(
        request, f"{page}#{fragment}" if fragment and request.htmx else page, content, status=status
    )


def _define(form, level, rows):
    """The new property, or None with the reason in the form."""
    details = {name: form.cleaned_data[name] for name in ("label", "key", "type", "help_text", "read_only")}
    has_options = details["type"] in {Property.Type.CHOICE, Property.Type.MULTI_CHOICE}
    try:
        options = checked(rows.rows) if has_options else []
        with transaction.atomic():
            return define_properties([{"level": level, "options": options, **details}])[0]
    except OptionErrors as error:
        rows.explain(error)
    except IntegrityError:
        form.add_error("key", "Another property has this key. Choose another.")
    return None


def _type_is_fixed(prop):
    """A type stays for good once values exist, and where the product or a CRM gave it."""
    return prop.built_in or prop.source != Property.Source.PORTAL or bool(counts(prop.level).get(prop.number))


def _unjudged(form):
    """The same form with what was typed and without complaints: it was not meant to be saved yet."""
    form.full_clean()
    form._errors.clear()
    return form


def _level(name):
    if name not in Property.Level.values:
        raise Http404
    return name
