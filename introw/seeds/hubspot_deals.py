"""Northwind's deals and leads as the stand-in HubSpot holds them: mapped, linked and agreed upon."""

from datetime import timedelta

from django.utils import timezone

from crm_sync.connecting import addresses
from crm_sync.connectors.hubspot.fields import field_from_definition, with_pipelines
from crm_sync.mapping import codec
from crm_sync.mapping.fields import map_field
from crm_sync.models import CrmUser, ExternalRecord
from crm_sync.models.queues import SCHEMA
from crm_sync.standins.hubspot import definitions
from introw.seeds.hubspot import FIRST_COMPANY, FIRST_CONTACT
from introw.seeds.workspaces import DEAL_FIELDS, LEAD_FIELDS
from portal.deals.models import AttributedRecord, Collaborator
from workspaces.jobs import leave_work
from workspaces.models import Due

# level → fields, HubSpot's objects, the first id, the fields of pipeline and stage
LEVELS = {
    "deal": (DEAL_FIELDS, "deals", 9_001_001, ("pipeline", "dealstage")),
    "lead": (LEAD_FIELDS, "leads", 61_001_001, ("hs_pipeline", "hs_pipeline_stage")),
}
PROBABLE = {"won": "1.0", "lost": "0.0"}
STATES = {"won": "QUALIFIED", "lost": "UNQUALIFIED"}
FIRST_OWNER = 41_700_001


def plant(connection, planted, partners, contacts, members, properties):
    """What the stand-in needs beside companies and contacts. `planted`: records by level."""
    owners = [_owner(number, member) for number, member in enumerate(members)]
    CrmUser.objects.bulk_create(_users(connection, owners, members))
    companies = {partner.pk: str(FIRST_COMPANY + n) for n, partner in enumerate(partners)}
    people = {contact.pk: str(FIRST_CONTACT + n) for n, contact in enumerate(contacts)}
    account: dict = {"owners": owners, "pipelines": {}, "objects": {}, "associations": []}
    for level, (fields, objects, first, names) in LEVELS.items():
        pipeline = _pipeline(level, properties[level, "stage"])
        account["pipelines"][objects] = [pipeline]
        mappings = _mapped(connection, level, fields, names, pipeline, properties)
        ids = {record.pk: str(first + n) for n, record in enumerate(planted[level])}
        rows = [_link(connection, level, record, ids[record.pk], mappings) for record in planted[level]]
        ExternalRecord.objects.bulk_create(rows, batch_size=500)
        _located(connection, level, planted[level], ids)
        account["objects"][objects] = [_object(row, names[0], pipeline["id"]) for row in rows]
        account["associations"] += [
            [objects, ids[record.pk], "companies", companies[record.partner_id], True]
            for record in planted[level]
        ]
        on_them = Collaborator.objects.filter(record__in=ids, from_crm=True)
        account["associations"] += [
            [objects, ids[one.record_id], "contacts", people[one.contact_id], False] for one in on_them
        ]
    _read_later()
    return account


def _owner(number, member):
    first, _, last = str(member).partition(" ")
    named = {
        "id": str(FIRST_OWNER + number),
        "email": member.user.email,
        "firstName": first,
        "lastName": last,
    }
    times = {"createdAt": definitions.STAMP, "updatedAt": definitions.STAMP}
    return named | times | {"userId": 9_600_001 + number, "archived": False}


def _users(connection, owners, members):
    for owner, member in zip(owners, members, strict=True):
        yield CrmUser(
            connection=connection,
            external_id=owner["id"],
            email=owner["email"],
            name=f"{owner['firstName']} {owner['lastName']}".strip(),
            member=member,
        )


def _pipeline(level, prop):
    """Our stages, with what they mean in HubSpot's words."""
    stages = []
    for n, option in enumerate(prop.options):
        outcome = option.get("outcome", "")
        likely = PROBABLE.get(outcome, f"0.{n + 1}")
        metadata = (
            definitions.probable(likely) if level == "deal" else {"leadState": STATES.get(outcome, "NEW")}
        )
        stages.append((option["value"], option["label"], metadata))
    name = "Sales pipeline" if level == "deal" else "Lead pipeline"
    return definitions.pipeline("default" if level == "deal" else "lead-pipeline-id", name, stages)


def _mapped(connection, level, fields, names, pipeline, properties):
    known = definitions.FRESH["deals" if level == "deal" else "leads"]
    found = with_pipelines([field_from_definition(item) for item in known], [pipeline], names=names)
    by_name = {field.name: field for field in found}
    mappings = [
        map_field(
            connection,
            object_type=level,
            field=by_name[name],
            prop=properties[level, key],
            direction=direction,
        )
        for name, key, direction in fields
    ]
    for mapping in mappings:
        mapping.connection = connection
    codec.prepare(connection, mappings)
    return mappings


def _link(connection, level, record, external_id, mappings):
    agreed = {}
    for mapping in mappings:
        value = record.value(mapping.prop)
        if value is not None:
            agreed[mapping.field] = {"crm": codec.to_wire(mapping, value), "ours": value}
    return ExternalRecord(
        connection=connection,
        object_type=level,
        external_id=external_id,
        attributed=record,
        agreed=agreed,
        synced_at=timezone.now(),
    )


def _located(connection, level, records, ids):
    for record in records:
        at = addresses.in_crm(connection, level, ids[record.pk])
        record.crm, record.crm_id, record.crm_url = at.crm, at.id, at.url
    AttributedRecord.objects.bulk_update(records, ["crm", "crm_id", "crm_url"], batch_size=500)


def _object(row, pipeline_name, pipeline):
    spoken = {name: both["crm"] for name, both in row.agreed.items()}
    return {"id": row.external_id, "properties": {pipeline_name: pipeline, **spoken}}


def _read_later():
    """The stand-ins run in a moment: all their fields and people are read then."""
    Due.objects.filter(queue=SCHEMA).delete()
    leave_work(SCHEMA, at=timezone.now() + timedelta(seconds=20))
