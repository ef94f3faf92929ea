from django.urls import path

from portal.access import partner_views, settings_views, viewing_views

settings_urlpatterns = [
    path("contacts/<uuid:pk>/access/", settings_views.contact_access, name="contact-access"),
    path("contacts/<uuid:pk>/viewings/", settings_views.viewings, name="contact-viewings"),
    path("partners/<uuid:pk>/access/", settings_views.partner_access, name="partner-access"),
    path("gates/<uuid:pk>/", settings_views.gate, name="gate"),
    path("viewings/<uuid:pk>/", viewing_views.shown, name="viewing"),
    path("viewings/<uuid:pk>/tabs/<uuid:key>/", viewing_views.shown, name="viewing-tab"),
    path("viewings/<uuid:pk>/ending/", viewing_views.ending, name="viewing-ending"),
    path("viewings/<uuid:pk>/quotes/", viewing_views.shown, {"extra": "quotes"}, name="viewing-quotes"),
    path("viewings/<uuid:pk>/profile/", viewing_views.shown, {"extra": "profile"}, name="viewing-profile"),
    path("experiences/<uuid:pk>/preview/<uuid:contact>/", viewing_views.draft, name="experience_preview_as"),
    path(
        "experiences/<uuid:pk>/preview/<uuid:contact>/<uuid:key>/",
        viewing_views.draft,
        name="experience_preview_tab",
    ),
    path("viewings/<uuid:pk>/team/", viewing_views.shown, {"extra": "team"}, name="viewing-team"),
]
partner_urlpatterns = [
    path("", partner_views.my_team, name="team"),
    path("invitations/", partner_views.invitations, name="team_invitations"),
    path("<uuid:pk>/invitation/", partner_views.invitation_again, name="team_invitation_again"),
]
