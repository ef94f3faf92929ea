"""What the stand-in Salesforce holds: Fjordlight's studios, in Salesforce's words, already connected."""

from datetime import timedelta

from django.utils import timezone

from crm_sync.connecting import accounts, addresses
from crm_sync.connectors.base import Tokens
from crm_sync.connectors.salesforce.fields import field_from_describe, with_outcomes
from crm_sync.connectors.salesforce.ids import long_id
from crm_sync.kinds import KINDS
from crm_sync.mapping import codec
from crm_sync.mapping.fields import map_field
from crm_sync.models import Connection, ExternalRecord
from crm_sync.models.change_streams import EVERYTHING
from crm_sync.models.queues import SCHEMA
from crm_sync.standins.salesforce import definitions
from crm_sync.standins.salesforce.oauth import OAuth
from crm_sync.standins.salesforce.records import ORGANIZATION
from crm_sync.streams.switching import switch_on
from portal.deals import attributed
from portal.deals.attributed import Coming
from workspaces.actors import SYSTEM
from workspaces.jobs import leave_work

# A stand-in's port changes from start to start; where it is now stands in the settings.
ADDRESS = "http://127.0.0.1"
OUTCOMES = {"Closed Won": "won", "Closed Lost": "lost"}
# (object, Salesforce's field, our property, which way values go)
FIELDS = (
    ("company", "Name", "name", "in"),
    ("company", "Website", "website", "both"),
    ("company", "Partner_Tier__c", "tier", "in"),
    ("company", "Partner_Phase__c", "phase", "in"),
    ("company", "BillingCountry", "country", "both"),
    ("contact", "Email", "email", "in"),
    ("contact", "Partner_Role__c", "role", "in"),
    ("deal", "Name", "name", "both"),
    ("deal", "StageName", "stage", "both"),
    ("deal", "Amount", "amount", "both"),
    ("deal", "CloseDate", "close_date", "both"),
)
OBJECTS = {
    "company": ("Account", "partner"),
    "contact": ("Contact", "contact"),
    "deal": ("Opportunity", "deal"),
}
# Studios buy lamps: (for whom, stage of Salesforce's, amount)
PROJECTS = (
    ("Nordlys Film, ten panels", "Qualification", "184000"),
    ("Tinghallen, stage", "Proposal", "96500"),
    ("Skagen Teater, rig", "Negotiation", "240000"),
    ("Vasa Museum, gallery two", "Closed Won", "132000"),
    ("Aurora Studios, van kit", "Prospecting", "48000"),
    ("Mälaren Reklam, cyclorama", "Proposal", "71000"),
    ("Ystad Live, follow spots", "Closed Lost", "58000"),
)


def plant(partners, contacts, properties, *, by=SYSTEM):
    """The connection, linked and agreed upon; and the organisation as the stand-in loads it."""
    app = OAuth()
    found = accounts.Found(
        provider=Connection.Provider.SALESFORCE,
        way=Connection.Way.CREDENTIALS,
        account=ORGANIZATION,
        tokens=Tokens(""),  # asked for when it is first needed
        client_id=app.client_id,
        client_secret=app.client_secret,
        address=ADDRESS,
        account_name="Fjordlight AB",
        time_zone="Europe/Stockholm",
    )
    connection = accounts.connect(found, by=by)
    switch_on(connection, channel=EVERYTHING, by=by)  # and so no Outbound Messages
    fields = [_definition(*place, properties) for place in FIELDS]
    for (object_type, _, key, direction), item in zip(FIELDS, fields, strict=True):
        prop = properties[OBJECTS[object_type][1], key]
        field = field_from_describe(item)
        if item["name"] == "StageName":
            [field] = with_outcomes([field], "StageName", OUTCOMES, closed=True)
        mapping = map_field(connection, object_type=object_type, field=field, prop=prop, direction=direction)
        properties[OBJECTS[object_type][1], key] = mapping.prop  # with the options that came in
        if item["name"] == "StageName":
            stages = mapping
    deals = _projects(partners, stages, by=by)
    rows: dict[str, dict[str, dict]] = {"Account": {}, "Contact": {}, "Opportunity": {}}
    links = [*_linked(connection, "company", partners, properties, rows["Account"])]
    accounts_by_partner = dict(zip((p.pk for p in partners), rows["Account"], strict=True))
    links += _linked(connection, "contact", contacts, properties, rows["Contact"])
    for contact, row in zip(contacts, rows["Contact"].values(), strict=True):
        first, _, last = contact.name.partition(" ")
        row |= {"FirstName": first, "LastName": last or first}
        row["AccountId"] = accounts_by_partner[contact.partner_id]
    links += _linked(connection, "deal", deals, properties, rows["Opportunity"])
    for deal, (external_id, row) in zip(deals, rows["Opportunity"].items(), strict=True):
        row |= {"AccountId": accounts_by_partner[deal.partner_id], "Amount": float(row["Amount"]["amount"])}
        row["StageName"] = codec.to_wire(stages, row["StageName"])
        attributed.link(deal, addresses.in_crm(connection, "deal", external_id))
    for link in links[-len(deals) :]:
        link.agreed["Amount"]["crm"] = link.agreed["Amount"]["ours"]["amount"]
        link.agreed["StageName"]["crm"] = codec.to_wire(stages, link.agreed["StageName"]["ours"])
    ExternalRecord.objects.bulk_create(links, batch_size=500)
    leave_work(SCHEMA, at=timezone.now() + timedelta(seconds=20))  # the stand-in runs in a moment
    changed = {
        name: [item for (o, *_), item in zip(FIELDS, fields, strict=True) if OBJECTS[o][0] == name]
        for name in rows
    }
    objects = {name: list(of_name.values()) for name, of_name in rows.items()}
    return {"fields": changed, "objects": objects}


def _projects(partners, stages, *, by):
    coming = []
    for n, (name, stage, amount) in enumerate(PROJECTS):
        values = {"name": name, "amount": {"amount": amount, "currency": "SEK"}}
        values["stage"] = codec.from_wire(stages, stage, currency="")
        closing = timezone.localdate() + timedelta(days=20 + 9 * n)
        coming.append(Coming("deal", values | {"close_date": closing.isoformat()}, partners[n]))
    return attributed.create_many(coming, by=by)


def _definition(object_type, field, key, direction, properties):
    """As the stand-in describes it, with our options as its choices."""
    name, level = OBJECTS[object_type]
    known = next(item for item in definitions.FRESH[name] if item["name"] == field)
    prop = properties[level, key]
    if not prop.has_options or object_type == "deal":
        return dict(known)
    choices = [
        {"active": True, "defaultValue": False, "label": o["label"], "value": o["value"], "validFor": None}
        for o in prop.options
    ]
    return known | {"picklistValues": choices}


def _linked(connection, object_type, records, properties, rows):
    name, level = OBJECTS[object_type]
    for number, record in enumerate(records, start=1):
        external_id = _id(definitions.PREFIXES[name], number)
        values = {
            field: record.value(properties[level, key])
            for o, field, key, _ in FIELDS
            if o == object_type and record.value(properties[level, key]) is not None
        }
        rows[external_id] = {"Id": external_id, **values}
        agreed = {field: {"crm": str(value), "ours": value} for field, value in values.items()}
        yield ExternalRecord(
            connection=connection,
            object_type=object_type,
            external_id=external_id,
            agreed=agreed,
            **{KINDS[object_type].link: record},
        )


def _id(prefix, number):
    return long_id(f"{prefix}5f0000FJ{number:04d}")
