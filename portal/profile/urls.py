from django.urls import path

from portal.profile import partner_views, settings_views

settings_urlpatterns = [
    path("", settings_views.profile, name="profile"),
    path("editing/", settings_views.profile_editing, name="profile_editing"),
    path("fields/<uuid:pk>/", settings_views.profile_field, name="profile_field"),
    path("logos/<uuid:pk>/<slug:version>/", settings_views.partner_logo, name="partner_logo"),
]
partner_urlpatterns = [
    path("", partner_views.profile, name="profile"),
    path("states/", partner_views.profile_states, name="profile_states"),
    path("logo/", partner_views.profile_logo, name="profile_logo"),
    path("logo/<slug:version>/", partner_views.profile_logo_file, name="profile_logo_file"),
]
