"""A workspace with many partners that are linked to companies of the stand-in HubSpot."""

from crm_sync.connecting.accounts import connect_hubspot
from crm_sync.connectors.base import CrmField
from crm_sync.mapping.fields import map_field
from crm_sync.models import ExternalRecord
from introw.seeds import hubspot
from introw.seeds.planting import new_workspace, plant_properties
from workspaces.actors import SYSTEM
from workspaces.models import Partner
from workspaces.properties import Edit, set_many
from workspaces.tenancy import workspace_transaction

FIELDS = ("first", "second", "third", "fourth")
FIRST_COMPANY = 900_000_001


def plant(partners: int) -> None:
    workspace = new_workspace(
        slug="linked", name="Linked", time_zone="UTC", currency="EUR", brand_color="#2b4fd0"
    )
    with workspace_transaction(workspace):
        definitions = [{"level": "partner", "key": key, "label": key, "type": "text"} for key in FIELDS]
        properties = plant_properties(workspace, definitions)
        connection = connect_hubspot(
            account=hubspot.ACCOUNT, app=hubspot.APP, token=hubspot.TOKEN, secret=hubspot.SECRET, by=SYSTEM
        )
        connection.mass_percent = 0  # each disaster comes with a change of everything
        connection.save(update_fields=["mass_percent"])
        for key in FIELDS:
            field = CrmField(name=key, label=key, type="string", widget="text", options=())
            prop = properties["partner", key]
            map_field(connection, object_type="company", field=field, prop=prop, direction="in")
        edits = [Edit(Partner(), {"name": f"Partner {n}"}, created=True) for n in range(partners)]
        set_many(edits, by=SYSTEM)
        ExternalRecord.objects.bulk_create(
            ExternalRecord(
                connection=connection,
                object_type="company",
                external_id=str(FIRST_COMPANY + n),
                partner=edit.record,
            )
            for n, edit in enumerate(edits)
        )


def companies(partners: int, value: str) -> dict:
    """What the stand-in holds when every field of every company says `value`, as its seed understands it."""
    values = dict.fromkeys(FIELDS, value)
    ids = range(FIRST_COMPANY, FIRST_COMPANY + partners)
    return {
        "portalId": int(hubspot.ACCOUNT),
        "properties": {
            "companies": [
                {"name": name, "label": name, "type": "string", "fieldType": "text"} for name in FIELDS
            ]
        },
        "objects": {"companies": [{"id": str(number), "properties": values} for number in ids]},
    }
