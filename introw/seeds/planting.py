"""Puts a demo workspace into the database, through the same functions that people's clicks go through."""

import datetime as dt
import random
import uuid
from decimal import Decimal
from itertools import accumulate

from allauth.account.models import EmailAddress
from django.utils import timezone

from crm_sync.connecting.accounts import connect_hubspot
from crm_sync.connectors.base import CrmField, FieldOption
from crm_sync.mapping.fields import map_field
from crm_sync.models import ExternalRecord
from introw.seeds import hubspot, northwind
from introw.seeds.workspaces import COMPANY_FIELDS, CONTACT_FIELDS
from portal.experiences import editing as experience_editing
from portal.experiences import publishing
from portal.experiences.models import Experience
from portal.profile.models import ProfileField, ProfileLayout
from portal.quotes import drafts
from portal.quotes.models import Product, QuoteSettings
from segments import editing as segment_editing
from segments.activity import OPENED
from segments.models import Activity, Audience, AudienceSegment, Segment
from segments.rules.tree import is_group, new_tree
from workspaces import people
from workspaces.actors import SYSTEM
from workspaces.demo import DEMO_PEOPLE
from workspaces.models import Contact, Partner, PersonAccess, TeamMember, User, Workspace
from workspaces.properties import Edit, define_properties, set_many
from workspaces.setup import set_up_workspace

DEMO_ADDRESSES = {person.email for person in DEMO_PEOPLE}
PROFILE = (
    "name",
    "website",
    "tier",
    "partner_type",
    "country",
    "industry",
    "employees",
    "vat_number",
    "skills",
    "about",
)
PROFILE_EDITABLE = {"website", "employees", "vat_number", "about", "industry"}


def new_workspace(**fields):
    workspace = Workspace.objects.create(**fields)
    workspace.refresh_from_db()  # its number comes from the database
    return workspace


def plant_properties(workspace, definitions, *, from_hubspot=()):
    """All properties of the workspace by (level, key). `from_hubspot`: the built-in ones that HubSpot feeds."""
    known = set_up_workspace(workspace)
    for prop in (known[place] for place in from_hubspot):
        prop.source = "hubspot"
        prop.save(update_fields=["source"])
    known |= {(prop.level, prop.key): prop for prop in define_properties(definitions)}
    return known


def plant_team(workspace):
    members = {}
    for person in DEMO_PEOPLE:
        if person.access and person.workspace == workspace.slug:
            members[person.key] = people.add_team_member(_person(person), workspace, access=person.access)
    return members


def plant_partners(companies, *, owners, by=SYSTEM):
    """Partners and their contacts; the owners take turns."""
    edits = [
        Edit(Partner(owner=owners[index % len(owners)]), company.values, created=True)
        for index, company in enumerate(companies)
    ]
    set_many(edits, by=by)
    partners = [edit.record for edit in edits]
    contacts = [
        Edit(Contact(partner=partner, status=_status(person)), person.values, partner=partner, created=True)
        for partner, company in zip(partners, companies, strict=True)
        for person in company.people
    ]
    set_many(contacts, by=by)
    return partners, [edit.record for edit in contacts]


def _status(person):
    if person.email in DEMO_ADDRESSES:
        return Contact.Status.INVITED  # bound when the sign-in links are planted
    lately = random.Random(person.email).random()  # noqa: S311  invented data, not a secret
    return Contact.Status.ACTIVE if lately < 0.62 else Contact.Status.INVITED


def plant_people(contacts):
    """Whoever is active has signed in before, the last time within the past weeks."""
    active = [contact for contact in contacts if contact.status == Contact.Status.ACTIVE]
    users = {c.email: User(email=c.email, name=c.name, password="!") for c in active}  # noqa: S106  unusable
    User.objects.bulk_create(users.values(), batch_size=500)
    proved = [
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users.values()
    ]
    EmailAddress.objects.bulk_create(proved, batch_size=500)
    for contact in active:
        hours = random.Random(contact.email).expovariate(1 / 160)  # noqa: S311  invented data
        contact.user, contact.last_seen_at = users[contact.email], timezone.now() - dt.timedelta(hours=hours)
    Contact.objects.bulk_update(active, ["user", "last_seen_at"], batch_size=500)
    Activity.objects.bulk_create(map(_visits, active), batch_size=500)
    workspace_id = active[0].workspace_id
    accesses = [PersonAccess(user=user, workspace_id=workspace_id) for user in users.values()]
    PersonAccess.objects.bulk_create(accesses, batch_size=500)


def _visits(contact):
    """The last time, and some before it."""
    r = random.Random(contact.email)  # noqa: S311  invented data
    ago = accumulate(r.expovariate(1 / 90) for _ in range(r.randrange(8)))
    times = [contact.last_seen_at, *(contact.last_seen_at - dt.timedelta(hours=hours) for hours in ago)]
    return Activity(contact=contact, kind=OPENED, times=times)


def plant_demo_contacts(workspace):
    """The people of the sign-in links, bound to their contacts."""
    for person in DEMO_PEOPLE:
        if person.places and person.workspace == workspace.slug:
            user = _person(person)
            people.bind_contacts(user, workspace)
            PersonAccess.objects.get_or_create(user=user, workspace=workspace)


def _person(person):
    user, made = User.objects.get_or_create(email=person.email, defaults={"name": person.name})
    if made:
        user.set_unusable_password()
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def plant_segments(seeds, properties, *, by=SYSTEM):
    """Segments by name, and the built-in ones of the roles with them."""
    for seed in seeds:
        rule = seed.rule if is_group(seed.rule) else {"op": "all", "items": [seed.rule]}
        root = _numbered(rule, seed.level, properties)
        tree = new_tree(seed.level, *root["items"], op=root["op"])
        segment_editing.create(
            level=seed.level,
            kind=Segment.Kind.DYNAMIC,
            name=seed.name,
            description=seed.about,
            tree=tree,
            by=by,
        )
    return {segment.name: segment for segment in Segment.objects.all()}


def plant_static_segment(name, members, *, by=SYSTEM):
    return segment_editing.create(
        level="partner", kind=Segment.Kind.STATIC, name=name, members=members, by=by,
        description="Hand-picked for the launch of object storage in Zürich.",
    )  # fmt: skip


def _numbered(node, level, properties):
    """A rule by property keys as one by property numbers."""
    if is_group(node):
        return {"op": node["op"], "items": [_numbered(item, level, properties) for item in node["items"]]}
    asked = "partner" if node["of"] == "partner" else level
    if "where" in node:
        inner = {"records:deals": "deal", "records:leads": "lead"}.get(node["p"], "contact")
        node = {**node, "where": _numbered(node["where"], inner, properties)}
    # What is asked beside properties has a name already.
    number = properties[asked, node["p"]].number if (asked, node["p"]) in properties else node["p"]
    return {**node, "p": number}


def only(audience, *segments):
    """Narrows an audience to segments."""
    audience.mode = Audience.Mode.ONLY
    audience.save(update_fields=["mode"])
    AudienceSegment.objects.bulk_create([AudienceSegment(audience=audience, segment=s) for s in segments])


def plant_experience(segments, tabs, *, name, by=SYSTEM):
    """`tabs`: (title, names of segments that see it, sections as (kind, title, body))."""
    experience = experience_editing.create_experience(name=name, by=by)
    for tab in experience.tabs.draft():
        experience_editing.delete(tab, by=by)
    for title, audience, sections in tabs:
        tab = experience_editing.add_tab(experience, title=title, by=by)
        if audience:
            only(tab.audience, *(segments[name] for name in audience))
        for kind, heading, body in sections:
            experience_editing.add_section(tab, kind=kind, title=heading, body=body, by=by)
    experience = Experience.objects.get(pk=experience.pk)
    publishing.publish(experience, seen=experience.draft_number, by=by)


def plant_quotes(segments, *, creators):
    settings = QuoteSettings.ensure()
    only(settings.audience, *creators)
    products = {}
    for title, sku, price in northwind.PRODUCTS:
        products[sku] = Product.objects.create(name=title, sku=sku, unit_price=Decimal(price), currency="EUR")
    ana = Contact.objects.select_related("partner").get(email="ana.keller@brightpath.example")
    for customer, lines, status in northwind.QUOTES:
        quote = drafts.create_quote(
            by=ana,
            form_key=uuid.uuid4(),
            head={"customer": customer, "currency": "EUR", "note": ""},
            lines=[_line(products[sku], quantity, discount) for sku, quantity, discount in lines],
        )
        if status == "sent":
            drafts.send(quote, by=ana, today=timezone.localdate())


def _line(product, quantity, discount):
    return {
        "pk": None,
        "product": product,
        "title": product.name,
        "quantity": Decimal(quantity),
        "unit_price": product.unit_price,
        "discount": Decimal(discount),
    }


def plant_profile(properties, *, editors):
    layout = ProfileLayout.ensure()
    only(layout.audience, editors)
    ProfileField.objects.filter(layout=layout).delete()
    ProfileField.objects.bulk_create(
        ProfileField(
            layout=layout, prop=properties["partner", key], position=n, editable=key in PROFILE_EDITABLE
        )
        for n, key in enumerate(PROFILE)
        if ("partner", key) in properties
    )


def plant_connection(companies, partners, contacts, properties, *, by=SYSTEM):
    """The stand-in HubSpot as a connection, its fields mapped, its records linked and agreed upon."""
    connection = connect_hubspot(
        account=hubspot.ACCOUNT, app=hubspot.APP, token=hubspot.TOKEN, secret=hubspot.SECRET, by=by
    )
    for object_type, level, fields in (
        ("company", "partner", COMPANY_FIELDS),
        ("contact", "contact", CONTACT_FIELDS),
    ):
        for field, key, direction in fields:
            prop = properties[level, key]
            found = _crm_field(hubspot.definition(field, prop))
            map_field(connection, object_type=object_type, field=found, prop=prop, direction=direction)
    people_of = [person for company in companies for person in company.people]
    rows = [
        *_links(
            connection, "company", hubspot.FIRST_COMPANY, partners, companies, COMPANY_FIELDS, properties
        ),
        *_links(
            connection, "contact", hubspot.FIRST_CONTACT, contacts, people_of, CONTACT_FIELDS, properties
        ),
    ]
    ExternalRecord.objects.bulk_create(rows, batch_size=500)
    return connection


def _crm_field(entry):
    options = tuple(FieldOption(o["value"], o["label"]) for o in entry.get("options", ()))
    return CrmField(
        name=entry["name"],
        label=entry["label"],
        type=entry["type"],
        widget=entry["fieldType"],
        options=options,
    )


def _links(connection, object_type, first, records, sources, fields, properties):
    for offset, (record, source) in enumerate(zip(records, sources, strict=True)):
        spoken = hubspot.wire(fields, record.level, source.values, properties)
        agreed = {
            field: {"crm": spoken[field], "ours": record.value(properties[record.level, key])}
            for field, key, _ in fields
            if field in spoken
        }
        yield ExternalRecord(
            connection=connection,
            object_type=object_type,
            external_id=str(first + offset),
            agreed=agreed,
            synced_at=timezone.now(),
            **{record.level: record},
        )


def team_owners(members: dict[str, TeamMember]):
    """Who looks after the partners: the partner manager after every fifth, nobody in particular after the rest."""
    return [members.get("maya"), None, None, None, None]
