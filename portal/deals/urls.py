"""The same pages for deals and for leads, each under its own name."""

from django.urls import path

from portal.deals import partner_views as partner
from portal.deals.models import AttributedRecord
from portal.deals.settings_views import attributing, editing, reading, setup

LEVELS = AttributedRecord.Level.values


def _routes(level, *routes):
    return [path(f"{level}s/{address}", view, {"level": level}, name=name) for address, view, name in routes]


def _settings(level):
    one, people = "<uuid:pk>/", "<uuid:pk>/collaborators/"
    return _routes(
        level,
        ("", reading.listing, f"{level}s"),
        ("export/", reading.export, f"{level}s-export"),
        ("setup/", setup.setup, f"{level}s-setup"),
        ("setup/sharing/", setup.sharing, f"{level}s-sharing"),
        ("new/", attributing.choose, f"add-{level}"),
        ("new/<uuid:partner>/", attributing.new, f"new-{level}"),
        (one, reading.detail, level),
        (f"{one}values/", editing.values, f"{level}-values"),
        (f"{one}history/", reading.history, f"{level}-history"),
        (f"{one}attribution/", attributing.attribution, f"{level}-attribution"),
        (f"{one}archiving/", editing.archiving, f"{level}-archiving"),
        (people, editing.collaborators_of, f"{level}-collaborators"),
        (f"{people}<uuid:contact>/removal/", editing.removal, f"{level}-collaborator-removal"),
    )


def _partner(level):
    people = "<uuid:pk>/collaborators/"
    return _routes(
        level,
        ("", partner.listing, f"{level}s"),
        ("<uuid:pk>/", partner.detail, level),
        (people, partner.collaborators_of, f"{level}_collaborators"),
        (f"{people}<uuid:contact>/removal/", partner.removal, f"{level}_collaborator_removal"),
    )


settings_urlpatterns = [route for level in LEVELS for route in _settings(level)]
partner_urlpatterns = [route for level in LEVELS for route in _partner(level)]
