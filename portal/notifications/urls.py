from django.urls import path

from portal.notifications import partner_views, settings_views

settings_urlpatterns = [
    path("", settings_views.notifications, name="notifications"),
    path("deliveries/", settings_views.deliveries, name="notification_deliveries"),
]
partner_urlpatterns = [
    path("", partner_views.notifications, name="notifications"),
    path("bell/", partner_views.bell, name="notification_bell"),
    path("reading/", partner_views.reading, name="notifications_reading"),
    path("<uuid:pk>/opening/", partner_views.opening, name="notification_opening"),
    path("settings/", partner_views.choices, name="notification_settings"),
    path("unsubscribing/<str:token>/", partner_views.unsubscribe, name="unsubscribing"),
]
