from django.urls import path

from segments import settings_views as views

settings_urlpatterns = [
    path("", views.segment_list, name="segments"),
    path("new/", views.new_segment, name="new-segment"),
    path("<uuid:pk>/", views.segment, name="segment"),
    path("<uuid:pk>/members/", views.segment_members, name="segment-members"),
    path("<uuid:pk>/archiving/", views.archive_segment, name="segment-archiving"),
    path("<uuid:pk>/restoring/", views.restore_segment, name="segment-restoring"),
    path("<uuid:pk>/copy/", views.duplicate_segment, name="segment-copy"),
    path("<uuid:pk>/deletion/", views.delete_segment, name="segment-deletion"),
    path("<uuid:pk>/build/", views.retry_segment, name="segment-build"),
]
