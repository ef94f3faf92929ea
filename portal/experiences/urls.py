from django.urls import path

from portal.experiences import partner_views
from portal.experiences.settings_views import builder, experiences, history, preview

settings_urlpatterns = [
    path("", experiences.experiences, name="experiences"),
    path("new/", experiences.new_experience, name="new_experience"),
    path("<uuid:pk>/", builder.experience, name="experience"),
    path("<uuid:pk>/name/", experiences.name, name="experience_name"),
    path("<uuid:pk>/portal/", experiences.portal, name="experience_portal"),
    path("<uuid:pk>/deletion/", experiences.deletion, name="experience_deletion"),
    path("<uuid:pk>/tabs/", builder.tabs, name="experience_tabs"),
    path("<uuid:pk>/tabs/<uuid:key>/", builder.tab, name="experience_tab"),
    path("<uuid:pk>/tabs/<uuid:key>/position/", builder.tab_position, name="tab_position"),
    path("<uuid:pk>/tabs/<uuid:key>/deletion/", builder.tab_deletion, name="tab_deletion"),
    path("<uuid:pk>/tabs/<uuid:key>/sections/", builder.sections, name="tab_sections"),
    path("<uuid:pk>/sections/<uuid:key>/", builder.section, name="experience_section"),
    path("<uuid:pk>/sections/<uuid:key>/text/", builder.section_text, name="section_text"),
    path("<uuid:pk>/sections/<uuid:key>/position/", builder.section_position, name="section_position"),
    path("<uuid:pk>/sections/<uuid:key>/deletion/", builder.section_deletion, name="section_deletion"),
    path("<uuid:pk>/publication/", history.publication, name="experience_publication"),
    path("<uuid:pk>/changes/", history.changes, name="experience_changes"),
    path("<uuid:pk>/history/", history.history, name="experience_history"),
    path("<uuid:pk>/history/<uuid:version>/restoration/", history.restoration, name="experience_restoration"),
    path("<uuid:pk>/preview/", preview.choose, name="experience_preview"),
]
partner_urlpatterns = [
    path("", partner_views.home, name="home"),
    path("tabs/", partner_views.tabs, name="tabs"),
    path("tabs/<uuid:key>/", partner_views.tab, name="tab"),
    path("events/", partner_views.events, name="events"),
]
