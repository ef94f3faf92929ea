"""Every route, as everybody, from everywhere: what belongs to another workspace does not exist.

A route that is not in the table fails: whoever adds one says here which objects its address names, so that
the walk can reach for another workspace's.
"""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tests.conftest import make_contact, make_member, make_partner
from tests.walker_objects import everything
from workspaces.tenancy import workspace_transaction

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
VISITS = [
    ("get", {}),
    ("get", HTMX),
    ("head", {}),
    ("post", {}),
    ("post", HTMX),
    ("put", {}),
    ("patch", {}),
    ("delete", {}),
]

# Route → the kinds of objects in its address, in the order of its arguments.
ROUTES = {
    # workspaces
    "settings:home": (),
    "settings:search": (),
    "settings:partners": (),
    "settings:partners-export": (),
    "settings:new-partner": (),
    "settings:partner": ("partner",),
    "settings:partner-values": ("partner",),
    "settings:partner-owner": ("partner",),
    "settings:partner-history": ("partner",),
    "settings:new-contact": ("partner",),
    "settings:contacts": (),
    "settings:contacts-export": (),
    "settings:invite-contact": (),
    "settings:contact": ("contact",),
    "settings:contact-values": ("contact",),
    "settings:contact-partner": ("contact",),
    "settings:contact-invitation": ("contact",),
    "settings:contact-suspension": ("contact",),
    "settings:contact-reactivation": ("contact",),
    "settings:contact-history": ("contact",),
    # access
    "settings:contact-access": ("contact",),
    "settings:contact-viewings": ("contact",),
    "settings:partner-access": ("partner",),
    "settings:gate": ("gate",),
    "settings:viewing": ("viewing",),
    "settings:viewing-tab": ("viewing", "tab"),
    "settings:viewing-ending": ("viewing",),
    "settings:viewing-quotes": ("viewing",),
    "settings:viewing-profile": ("viewing",),
    "settings:viewing-team": ("viewing",),
    "partner:team": (),
    "partner:team_invitations": (),
    "partner:team_invitation_again": ("colleague",),
    "settings:properties": (),
    "settings:new-property": (),
    "settings:property": ("property",),
    "settings:property-archive": ("property",),
    "settings:property-restoration": ("property",),
    "settings:roles": (),
    "settings:portal": (),
    "settings:team": (),
    "settings:team-invite": (),
    "settings:team-second-factor": (),
    "settings:team-member": ("member",),
    "settings:team-invite-again": ("member",),
    "settings:team-remove": ("member",),
    # segments
    "settings:segments": (),
    "settings:new-segment": (),
    "settings:segment": ("segment",),
    "settings:segment-members": ("segment",),
    "settings:segment-members-export": ("segment",),
    "settings:segment-member": ("segment", "partner"),
    "settings:segment-activity": ("segment",),
    "settings:segment-build-names": ("segment", "build"),
    "settings:segment-funnel": (),
    "settings:segments-archiving": (),
    "settings:segment-removal": ("segment",),
    "settings:segment-member-files": ("segment",),
    "settings:segment-member-file": ("segment", "member_file"),
    "settings:segment-member-file-rest": ("segment", "member_file"),
    "settings:segment-freezing": ("segment",),
    "settings:segment-snapshot": ("segment",),
    "settings:segment-versions": ("segment",),
    "settings:segment-version": ("segment", "build"),
    "settings:segment-version-restoration": ("segment", "build"),
    "settings:scheduled-change-cancellation": ("segment", "scheduled_change"),
    "settings:segment-exceptions": ("segment",),
    "settings:segment-exception-end": ("segment", "exception"),
    "settings:segment-held": ("segment",),
    "settings:hold-release": ("segment", "hold"),
    "settings:hold-keeping": ("segment", "hold"),
    "settings:contact-exceptions": ("contact",),
    "settings:partner-exceptions": ("partner",),
    "settings:contact-segments": ("contact",),
    "settings:partner-segments": ("partner",),
    "settings:segment-archiving": ("segment",),
    "settings:segment-restoring": ("segment",),
    "settings:segment-copy": ("segment",),
    "settings:segment-deletion": ("segment",),
    "settings:segment-build": ("segment",),
    # the partner profile
    "settings:profile": (),
    "settings:profile_editing": (),
    "settings:profile_field": ("shown_property",),
    "settings:partner_logo": ("partner", "logo"),
    "partner:profile": (),
    "partner:profile_states": (),
    "partner:profile_logo": (),
    "partner:profile_logo_file": ("logo",),
    # notifications
    "settings:notifications": (),
    "settings:notification_deliveries": (),
    "partner:notifications": (),
    "partner:notification_bell": (),
    "partner:notifications_reading": (),
    "partner:notification_opening": ("notice",),
    "partner:notification_settings": (),
    # CRM connections
    "settings:crm": (),
    "settings:crm_new": (),
    "settings:crm_hubspot_app": (),
    "settings:crm_hubspot_app_project": (),
    "settings:crm_hubspot_token": (),
    "settings:crm_hubspot_token_project": (),
    "settings:crm_hubspot_key": (),
    "settings:crm_salesforce_app": (),
    "settings:crm_salesforce_secret": (),
    "settings:crm_answer": (),
    "settings:crm_connection": ("connection",),
    "settings:crm_keys": ("connection",),
    "settings:crm_app": ("connection",),
    "settings:crm_app_files": ("connection",),
    "settings:crm_stream": ("connection",),
    "settings:crm_pause": ("connection",),
    "settings:crm_resumption": ("connection",),
    "settings:crm_reading": ("connection",),
    "settings:crm_disconnection": ("connection",),
    "settings:crm_removal": ("connection",),
    "settings:crm_mapping": ("connection",),
    "settings:crm_fields": ("connection",),
    "settings:crm_samples": ("connection", "crm_object"),
    "settings:crm_options": ("connection", "choice_mapping"),
    "settings:crm_people": ("connection",),
    "settings:crm_person": ("connection", "crm_user"),
    "settings:crm_making": ("connection", "made_here", "crm_making_act"),
    "settings:crm_direction": ("connection", "mapping"),
    "settings:crm_unmapping": ("connection", "mapping"),
    "settings:crm_records": ("connection",),
    "settings:crm_record": ("connection", "link"),
    "settings:crm_unlinking": ("connection", "link"),
    "settings:crm_import": ("connection",),
    "settings:crm_rule": ("connection", "crm_object"),
    "settings:crm_import_start": ("connection", "crm_object"),
    "settings:crm_job": ("connection", "job", "crm_act"),
    "settings:crm_conflicts": ("connection",),
    "settings:crm_decision": ("connection", "conflict"),
    "settings:crm_held": ("connection", "mass_change"),
    "settings:crm_release": ("connection", "mass_change"),
    "settings:crm_rejection": ("connection", "mass_change"),
    "settings:crm_limit": ("connection",),
    "settings:crm_in": ("connection",),
    "settings:crm_out": ("connection",),
    "settings:crm_replay": ("connection",),
    "settings:crm_resending": ("connection",),
    "settings:crm_correction": ("connection", "refused_change"),
    "settings:crm_discarding": ("connection", "crm_way"),
    # experiences
    "settings:experiences": (),
    "settings:new_experience": (),
    "settings:experience": ("experience",),
    "settings:experience_name": ("experience",),
    "settings:experience_portal": ("experience",),
    "settings:experience_deletion": ("experience",),
    "settings:experience_tabs": ("experience",),
    "settings:experience_tab": ("experience", "tab"),
    "settings:tab_position": ("experience", "tab"),
    "settings:tab_deletion": ("experience", "tab"),
    "settings:tab_sections": ("experience", "tab"),
    "settings:experience_section": ("experience", "section"),
    "settings:section_text": ("experience", "section"),
    "settings:section_position": ("experience", "section"),
    "settings:section_deletion": ("experience", "section"),
    "settings:experience_publication": ("experience",),
    "settings:experience_changes": ("experience",),
    "settings:experience_history": ("experience",),
    "settings:experience_restoration": ("experience", "publication"),
    "settings:experience_preview": ("experience",),
    "settings:experience_preview_as": ("experience", "contact"),
    "settings:experience_preview_tab": ("experience", "contact", "tab"),
    "partner:home": (),
    "partner:tabs": (),
    "partner:tab": ("tab",),
    "partner:events": (),
    # deals and leads
    **{
        route.format(level): kinds
        for level in ("deal", "lead")
        for route, kinds in {
            "settings:{}s": (),
            "settings:{}s-export": (),
            "settings:{}s-setup": (),
            "settings:{}s-sharing": (),
            "settings:add-{}": (),
            "settings:new-{}": ("partner",),
            "settings:{}": (level,),
            "settings:{}-values": (level,),
            "settings:{}-history": (level,),
            "settings:{}-attribution": (level,),
            "settings:{}-archiving": (level,),
            "settings:{}-collaborators": (level,),
            "settings:{}-collaborator-removal": (level, "colleague"),
            "partner:{}s": (),
            "partner:{}": (level,),
            "partner:{}_collaborators": (level,),
            "partner:{}_collaborator_removal": (level, "colleague"),
        }.items()
    },
    # quotes
    "settings:quotes": (),
    "settings:quote_rules": (),
    "settings:quote": ("quote",),
    "settings:products": (),
    "settings:new_product": (),
    "settings:product": ("product",),
    "settings:product_archiving": ("product",),
    "partner:quotes": (),
    "partner:new_quote": (),
    "partner:quote": ("quote",),
    "partner:quote_draft": ("quote",),
    "partner:quote_sending": ("quote",),
    "partner:quote_collaborators": ("quote",),
    "partner:quote_collaborator_removal": ("quote", "colleague"),
}


# What a button sends along; without it the address answers 404 to everybody.
PRESSED = {
    "settings:crm_import_start": {"kind": "try"},
    "settings:crm_stream": {"do": "off"},
    "settings:tab_sections": {"kind": "rich_text"},
    "settings:tab_position": {"places": "1"},
    "settings:section_position": {"places": "1"},
}


def routes(resolver=None, namespace=""):
    """(name with namespace, view) of every route of ours that opens a workspace."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            if getattr(entry.callback, "access", "").startswith(("settings", "partner")):
                yield f"{namespace}{entry.name}"
        else:
            inner = f"{entry.namespace}:" if entry.namespace else ""
            yield from routes(entry, namespace + inner)


def test_every_route_is_in_the_table():
    assert set(routes()) == set(ROUTES)


@pytest.fixture
def theirs(globex, otto, eve, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with workspace_transaction(globex):
        return everything()


@pytest.fixture(params=["owner", "admin", "manager", "viewer", "contact"])
def somebody(request, acme):
    """A person of acme, of every kind."""
    if request.param == "contact":
        return make_contact(acme, "walker", make_partner(acme, "Walkers", tier="platinum"), role="admin")
    return make_member(acme, "walker", request.param)


def addresses(prefix, objects):
    for name, kinds in ROUTES.items():
        yield name, prefix + reverse(name, args=[objects[kind] for kind in kinds])


def statuses(client, address):
    return {
        f"{method}{' htmx' if headers else ''}": getattr(client, method)(address, headers=headers).status_code
        for method, headers in VISITS
    }


def test_another_workspace_does_not_exist_for_anybody(theirs, somebody, as_user):
    client = as_user(somebody)
    wrong = {}
    for name, address in addresses("/globex", theirs):
        answers = statuses(client, address)
        if set(answers.values()) - {404, 405} or answers["get"] == answers["post"] == 405:
            wrong[name] = answers
    assert wrong == {}


def test_objects_of_another_workspace_do_not_exist_under_ones_own_address(theirs, acme, as_user):
    """As the owner, who may do everything, and as a contact: no permission answers before the object does."""
    owner = as_user(make_member(acme, "walker", "owner"))
    contact = as_user(
        make_contact(acme, "walked", make_partner(acme, "Walkers", tier="platinum"), role="admin")
    )
    wrong = {}
    for name, address in addresses("/acme", theirs):
        if not ROUTES[name]:
            continue
        answers = statuses(owner if name.startswith("settings:") else contact, address)
        if set(answers.values()) - {404, 405} or answers["get"] == answers["post"] == 405:
            wrong[name] = answers
    assert wrong == {}


def test_the_walk_reaches_what_it_walks_by(theirs, otto, eve, as_user):
    """The same addresses answer those whose workspace it is: else the walk would prove nothing."""
    owner, contact = as_user(otto), as_user(eve)
    dead = {}
    for name, address in addresses("/globex", theirs):
        client = owner if name.startswith("settings:") else contact
        with transaction.atomic():
            found = {client.get(address).status_code, client.post(address, PRESSED.get(name, {})).status_code}
            transaction.set_rollback(True)  # a deletion must not hide the next address
        if not found - {404, 405}:
            dead[name] = found
    assert dead == {}


def test_strangers_are_asked_to_sign_in(theirs, client):
    wrong = {}
    for name, address in addresses("/globex", theirs):
        answers = statuses(Client(headers={"host": "localhost:8000"}), address)
        if set(answers.values()) - {302, 405}:
            wrong[name] = answers
    assert wrong == {}


def test_nothing_changes_without_a_token(theirs, otto, eve):
    wrong = {}
    for name, address in addresses("/globex", theirs):
        client = Client(headers={"host": "localhost:8000"}, enforce_csrf_checks=True)
        client.force_login((otto if name.startswith("settings:") else eve).user)
        answers = {
            method: getattr(client, method)(address).status_code
            for method in ("post", "put", "patch", "delete")
        }
        if set(answers.values()) != {403}:
            wrong[name] = answers
    assert wrong == {}


def test_settings_are_not_on_a_workspaces_own_domain(acme, ada, as_user):
    client = as_user(ada)
    for name, kinds in ROUTES.items():
        if name.startswith("settings:") and not kinds:
            address = reverse(name)
            assert client.get(address, headers={"host": "partners.acme.test"}).status_code in {
                302,
                404,
                405,
            }, name


def test_viewers_and_managers_change_nothing_that_is_not_theirs_to_change(acme, as_user):
    """Every route that needs more than a look answers 403 to who may only look."""
    from tests.test_architecture import views

    manage = {view.access for _, view in views() if getattr(view, "access", "").endswith(".manage")}
    assert manage, "nothing to walk"
    client = as_user(make_member(acme, "looker", "viewer"))
    wrong = []
    for name, kinds in ROUTES.items():
        view = view_of(name)
        if not kinds and view.access.endswith(".manage"):
            answers = {
                client.get("/acme" + reverse(name)).status_code,
                client.post("/acme" + reverse(name)).status_code,
            }
            if answers - {403, 405}:
                wrong.append((name, answers))
    assert wrong == []


def view_of(name, resolver=None, namespace=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            if f"{namespace}{entry.name}" == name:
                return entry.callback
        else:
            inner = f"{entry.namespace}:" if entry.namespace else ""
            if (found := view_of(name, entry, namespace + inner)) is not None:
                return found
    return None
