from django.urls import path

from crm_sync.connecting.ways import WAYS
from crm_sync.inbound import hook_views
from crm_sync.settings_views import (
    activity,
    conflicts,
    connections,
    correcting,
    imports,
    mapping,
    mass_changes,
    people,
    records,
    sign_in,
    streams,
    wizard,
)

hook_urlpatterns = [
    path("hubspot/", hook_views.hubspot, name="hubspot_hook"),
    path("hubspot", hook_views.hubspot),
    path("salesforce/<str:token>/", hook_views.salesforce, name="salesforce_hook"),
]
settings_urlpatterns = [
    path("", connections.connection_list, name="crm"),
    path("new/", wizard.choose, name="crm_new"),
    *(path(f"new/{way.slug}/", wizard.connect, {"slug": way.slug}, name=way.route) for way in WAYS),
    *(
        path(
            f"new/{way.slug}/project/", wizard.project_files, {"slug": way.slug}, name=f"{way.route}_project"
        )
        for way in WAYS
        if way.project
    ),
    path("answer/", sign_in.answer, name="crm_answer"),
    path("<uuid:pk>/", connections.connection_health, name="crm_connection"),
    path("<uuid:pk>/keys/", wizard.keys, name="crm_keys"),
    path("<uuid:pk>/app/", wizard.app, name="crm_app"),
    path("<uuid:pk>/app/project/", wizard.app_files, name="crm_app_files"),
    path("<uuid:pk>/app/stream/", streams.stream, name="crm_stream"),
    path("<uuid:pk>/pause/", connections.pause, name="crm_pause"),
    path("<uuid:pk>/resumption/", connections.resumption, name="crm_resumption"),
    path("<uuid:pk>/reading/", connections.reading, name="crm_reading"),
    path("<uuid:pk>/disconnection/", connections.disconnection, name="crm_disconnection"),
    path("<uuid:pk>/removal/", connections.removal, name="crm_removal"),
    path("<uuid:pk>/mapping/", mapping.mapping, name="crm_mapping"),
    path("<uuid:pk>/mapping/fields/", mapping.fields, name="crm_fields"),
    path("<uuid:pk>/mapping/<str:object_type>/samples/", mapping.samples, name="crm_samples"),
    path("<uuid:pk>/mapping/<uuid:mapping_pk>/options/", mapping.options, name="crm_options"),
    path("<uuid:pk>/people/", people.people, name="crm_people"),
    path("<uuid:pk>/people/<uuid:user_pk>/", people.choice, name="crm_person"),
    path("<uuid:pk>/making/<uuid:row_pk>/<str:act>/", records.making_act, name="crm_making"),
    path("<uuid:pk>/mapping/<uuid:mapping_pk>/direction/", mapping.direction, name="crm_direction"),
    path("<uuid:pk>/mapping/<uuid:mapping_pk>/removal/", mapping.removal, name="crm_unmapping"),
    path("<uuid:pk>/records/", records.records, name="crm_records"),
    path("<uuid:pk>/records/<uuid:link_pk>/", records.record, name="crm_record"),
    path("<uuid:pk>/records/<uuid:link_pk>/removal/", records.unlinking, name="crm_unlinking"),
    path("<uuid:pk>/import/", imports.imports, name="crm_import"),
    path("<uuid:pk>/import/<str:object_type>/", imports.rule, name="crm_rule"),
    path("<uuid:pk>/import/<str:object_type>/start/", imports.start, name="crm_import_start"),
    path("<uuid:pk>/jobs/<uuid:job_pk>/<str:act>/", imports.job, name="crm_job"),
    path("<uuid:pk>/conflicts/", conflicts.conflict_list, name="crm_conflicts"),
    path("<uuid:pk>/conflicts/<uuid:conflict_pk>/decision/", conflicts.decision, name="crm_decision"),
    path("<uuid:pk>/held/<uuid:mass_pk>/", mass_changes.held, name="crm_held"),
    path("<uuid:pk>/held/<uuid:mass_pk>/release/", mass_changes.release, name="crm_release"),
    path("<uuid:pk>/held/<uuid:mass_pk>/rejection/", mass_changes.rejection, name="crm_rejection"),
    path("<uuid:pk>/limit/", mass_changes.limit, name="crm_limit"),
    path("<uuid:pk>/incoming/", activity.incoming, name="crm_in"),
    path("<uuid:pk>/outgoing/", activity.outgoing, name="crm_out"),
    path("<uuid:pk>/replay/", activity.replay, name="crm_replay"),
    path("<uuid:pk>/resending/", activity.resending, name="crm_resending"),
    path("<uuid:pk>/outgoing/<uuid:change_pk>/correction/", correcting.correction, name="crm_correction"),
    path("<uuid:pk>/discarding/<str:way>/", activity.discarding, name="crm_discarding"),
]
person_urlpatterns = [
    # One for all workspaces: apps over there know it by heart.
    path(sign_in.ANSWER_PATH.lstrip("/"), sign_in.callback, name="crm_callback"),
]
