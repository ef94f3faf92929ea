"""Routes of partners, contacts, properties and the team, and of signing in."""

from django.urls import path

from workspaces import person_views
from workspaces.settings_views import contacts, home, partners, portal, properties, roles, team

record_urlpatterns = [
    path("", home.home, name="home"),
    path("search/", home.search, name="search"),
    path("partners/", partners.partner_list, name="partners"),
    path("partners/export/", partners.partner_export, name="partners-export"),
    path("partners/new/", partners.new_partner, name="new-partner"),
    path("partners/<uuid:pk>/", partners.partner, name="partner"),
    path("partners/<uuid:pk>/values/", partners.partner_values, name="partner-values"),
    path("partners/<uuid:pk>/owner/", partners.partner_owner, name="partner-owner"),
    path("partners/<uuid:pk>/history/", partners.partner_history, name="partner-history"),
    path("partners/<uuid:partner_pk>/contacts/new/", contacts.new_contact, name="new-contact"),
    path("contacts/", contacts.contact_list, name="contacts"),
    path("contacts/export/", contacts.contact_export, name="contacts-export"),
    path("contacts/new/", contacts.choose_partner, name="invite-contact"),
    path("contacts/<uuid:pk>/", contacts.contact, name="contact"),
    path("contacts/<uuid:pk>/values/", contacts.contact_values, name="contact-values"),
    path("contacts/<uuid:pk>/partner/", contacts.contact_partner, name="contact-partner"),
    path("contacts/<uuid:pk>/invitation/", contacts.contact_invitation, name="contact-invitation"),
    path("contacts/<uuid:pk>/suspension/", contacts.contact_suspension, name="contact-suspension"),
    path("contacts/<uuid:pk>/reactivation/", contacts.contact_reactivation, name="contact-reactivation"),
    path("contacts/<uuid:pk>/history/", contacts.contact_history, name="contact-history"),
    path("properties/", properties.property_list, name="properties"),
    path("properties/new/", properties.new_property, name="new-property"),
    path("properties/<uuid:pk>/", properties.property_page, name="property"),
    path("properties/<uuid:pk>/archive/", properties.property_archive, name="property-archive"),
    path("properties/<uuid:pk>/restoration/", properties.property_restoration, name="property-restoration"),
    path("roles/", roles.roles, name="roles"),
    path("portal/", portal.portal, name="portal"),
]

team_urlpatterns = [
    path("team/", team.team, name="team"),
    path("team/invitations/", team.invite, name="team-invite"),
    path("team/second-factor/", team.second_factor, name="team-second-factor"),
    path("team/<uuid:pk>/", team.member, name="team-member"),
    path("team/<uuid:pk>/invitation/", team.invite_again, name="team-invite-again"),
    path("team/<uuid:pk>/removal/", team.remove, name="team-remove"),
]

person_urlpatterns = [
    path("workspaces/", person_views.workspaces, name="workspaces"),
    path("workspaces/contact/", person_views.choose, name="choose_contact"),
]
settings_urlpatterns = [*record_urlpatterns, *team_urlpatterns]
