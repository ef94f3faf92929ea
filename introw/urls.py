"""The whole map. No path carries a workspace: it is found by host or first segment (workspaces/middleware.py)."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.urls import include, path

from workspaces import urls as workspaces


def patterns(module, name):
    if find_spec(module.rpartition(".")[0]) is None or find_spec(module) is None:
        return []
    return getattr(import_module(module), name, [])


settings_urlpatterns = [
    *workspaces.settings_urlpatterns,
    *patterns("portal.access.urls", "settings_urlpatterns"),
    path("segments/", include(patterns("segments.urls", "settings_urlpatterns"))),
    path("experiences/", include(patterns("portal.experiences.urls", "settings_urlpatterns"))),
    *patterns("portal.deals.urls", "settings_urlpatterns"),
    path("quotes/", include(patterns("portal.quotes.urls", "settings_urlpatterns"))),
    path("profile/", include(patterns("portal.profile.urls", "settings_urlpatterns"))),
    path("notifications/", include(patterns("portal.notifications.urls", "settings_urlpatterns"))),
    path("crm/", include(patterns("crm_sync.urls", "settings_urlpatterns"))),
]
partner_urlpatterns = [
    path("", include(patterns("portal.experiences.urls", "partner_urlpatterns"))),
    *patterns("portal.deals.urls", "partner_urlpatterns"),
    path("quotes/", include(patterns("portal.quotes.urls", "partner_urlpatterns"))),
    path("profile/", include(patterns("portal.profile.urls", "partner_urlpatterns"))),
    path("team/", include(patterns("portal.access.urls", "partner_urlpatterns"))),
    path("notifications/", include(patterns("portal.notifications.urls", "partner_urlpatterns"))),
]
urlpatterns = [
    path("hooks/", include(patterns("crm_sync.urls", "hook_urlpatterns"))),
    path("accounts/", include("workspaces.sign_in_urls")),
    *workspaces.person_urlpatterns,
    *patterns("crm_sync.urls", "person_urlpatterns"),
    *patterns("introw.health", "urlpatterns"),
    *([path("demo/", include("workspaces.demo_views"))] if settings.DEMO else []),
    path("settings/", include((settings_urlpatterns, "settings"))),
    path("", include((partner_urlpatterns, "partner"))),
]
handler403 = "introw.missing.refused"
handler404 = "introw.missing.not_found"
handler500 = "workspaces.middleware.server_error"
handler429 = "workspaces.sign_in_views.too_many_requests"
