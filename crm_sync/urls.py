from django.urls import path

from crm_sync import hook_views

hook_urlpatterns = [
    path("hubspot/", hook_views.hubspot),
]
settings_urlpatterns: list = []
