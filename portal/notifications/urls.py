from django.urls import URLPattern

settings_urlpatterns: list[URLPattern] = []
partner_urlpatterns: list[URLPattern] = []
