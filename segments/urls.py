from django.urls import path

from segments import removal_views as removal
from segments import settings_views as views
from segments.exceptions import views as exceptions
from segments.funnel import views as funnel
from segments.history import views as history
from segments.holds import views as holds
from segments.static_lists import views as static_lists
from segments.versions import views as versions

settings_urlpatterns = [
    path("", views.segment_list, name="segments"),
    path("new/", views.new_segment, name="new-segment"),
    path("<uuid:pk>/", views.segment, name="segment"),
    path("<uuid:pk>/members/", history.segment_members, name="segment-members"),
    path("<uuid:pk>/members/export/", history.segment_members_export, name="segment-members-export"),
    path("<uuid:pk>/members/<uuid:record_pk>/", history.segment_member, name="segment-member"),
    path("<uuid:pk>/members/files/", static_lists.segment_member_files, name="segment-member-files"),
    path(
        "<uuid:pk>/members/files/<uuid:file_pk>/",
        static_lists.segment_member_file,
        name="segment-member-file",
    ),
    path(
        "<uuid:pk>/members/files/<uuid:file_pk>/unmatched/",
        static_lists.segment_member_file_rest,
        name="segment-member-file-rest",
    ),
    path("<uuid:pk>/freezing/", static_lists.segment_freezing, name="segment-freezing"),
    path("<uuid:pk>/snapshot/", static_lists.segment_snapshot, name="segment-snapshot"),
    path("<uuid:pk>/activity/", history.segment_activity, name="segment-activity"),
    path(
        "<uuid:pk>/activity/builds/<uuid:build_pk>/", history.segment_build_names, name="segment-build-names"
    ),
    path("<uuid:pk>/versions/", versions.segment_versions, name="segment-versions"),
    path("<uuid:pk>/versions/<uuid:build_pk>/", versions.segment_version, name="segment-version"),
    path(
        "<uuid:pk>/versions/<uuid:build_pk>/restoration/",
        versions.segment_version_restoration,
        name="segment-version-restoration",
    ),
    path(
        "<uuid:pk>/scheduled/<uuid:change_pk>/cancellation/",
        versions.scheduled_change_cancellation,
        name="scheduled-change-cancellation",
    ),
    path("<uuid:pk>/exceptions/", exceptions.segment_exceptions, name="segment-exceptions"),
    path(
        "<uuid:pk>/exceptions/<uuid:exception_pk>/end/",
        exceptions.segment_exception_end,
        name="segment-exception-end",
    ),
    path("<uuid:pk>/held/", holds.segment_held, name="segment-held"),
    path("<uuid:pk>/held/<uuid:hold_pk>/release/", holds.hold_release, name="hold-release"),
    path("<uuid:pk>/held/<uuid:hold_pk>/keeping/", holds.hold_keeping, name="hold-keeping"),
    path("of-contact/<uuid:pk>/exceptions/", exceptions.contact_exceptions, name="contact-exceptions"),
    path("of-partner/<uuid:pk>/exceptions/", exceptions.partner_exceptions, name="partner-exceptions"),
    path("of-contact/<uuid:pk>/", history.contact_segments, name="contact-segments"),
    path("of-partner/<uuid:pk>/", history.partner_segments, name="partner-segments"),
    path("funnel/", funnel.segment_funnel, name="segment-funnel"),
    path("archiving/", removal.archive_segments, name="segments-archiving"),
    path("<uuid:pk>/removal/", removal.segment_removal, name="segment-removal"),
    path("<uuid:pk>/archiving/", views.archive_segment, name="segment-archiving"),
    path("<uuid:pk>/restoring/", views.restore_segment, name="segment-restoring"),
    path("<uuid:pk>/copy/", views.duplicate_segment, name="segment-copy"),
    path("<uuid:pk>/deletion/", views.delete_segment, name="segment-deletion"),
    path("<uuid:pk>/build/", views.retry_segment, name="segment-build"),
]
