from django.urls import path

from portal.quotes import partner_views, settings_views

settings_urlpatterns = [
    path("", settings_views.quotes, name="quotes"),
    path("<uuid:pk>/", settings_views.quote, name="quote"),
    path("creation/", settings_views.creation, name="quote_rules"),
    path("products/", settings_views.products, name="products"),
    path("products/new/", settings_views.new_product, name="new_product"),
    path("products/<uuid:pk>/", settings_views.product, name="product"),
    path("products/<uuid:pk>/archiving/", settings_views.product_archiving, name="product_archiving"),
]
partner_urlpatterns = [
    path("", partner_views.quotes, name="quotes"),
    path("new/", partner_views.new_quote, name="new_quote"),
    path("<uuid:pk>/", partner_views.quote, name="quote"),
    path("<uuid:pk>/draft/", partner_views.draft, name="quote_draft"),
    path("<uuid:pk>/sending/", partner_views.sending, name="quote_sending"),
    path("<uuid:pk>/collaborators/", partner_views.quote_collaborators, name="quote_collaborators"),
    path(
        "<uuid:pk>/collaborators/<uuid:contact>/removal/",
        partner_views.quote_collaborator_removal,
        name="quote_collaborator_removal",
    ),
]
